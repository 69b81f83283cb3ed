-- DuckDB text of ga4/channels.sql: the same rules, with DuckDB's name of the function.
WITH seen AS (
  SELECT DISTINCT
    COALESCE(source, '') AS source,
    COALESCE(medium, '') AS medium,
    COALESCE(campaign, '') AS campaign,
    CASE WHEN click_id IS NULL THEN 0 ELSE 1 END::BIGINT AS has_click_id
  FROM visit_rows
  WHERE removed IS NULL
), judged AS (
  SELECT
    s.*,
    LOWER(s.source) AS src,
    LOWER(s.medium) AS med,
    regexp_matches(LOWER(s.medium), '^(.*cp.*|ppc|retargeting|paid.*)$') AS is_paid,
    regexp_matches(LOWER(s.campaign), '^(.*(([^a-df-z]|^)shop|shopping).*)$') AS is_shopping_campaign,
    regexp_matches(LOWER(s.source),
      '(^|[./])(amazon|ebay|etsy|walmart|alibaba|aliexpress|mercadolibre|shopping\.google|shopzilla|google shopping)([./]|$)')
      AS is_shopping,
    regexp_matches(LOWER(s.source),
      '(^|[./])(google|bing|yahoo|baidu|yandex|duckduckgo|ecosia|qwant|naver|daum|seznam|ask|aol|sogou|startpage|brave)([./]|$)')
      AS is_search,
    regexp_matches(LOWER(s.source),
      '(^|[./])(facebook|fb|instagram|ig|twitter|t\.co|x\.com|linkedin|lnkd\.in|pinterest|reddit|tiktok|snapchat|tumblr|vk|quora|weibo|whatsapp|threads|meetup|groups\.google)([./]|$)')
      AS is_social,
    regexp_matches(LOWER(s.source),
      '(^|[./])(youtube|youtu\.be|vimeo|dailymotion|twitch|netflix|hulu|disneyplus|bilibili|iqiyi|youku)([./]|$)')
      AS is_video
  FROM seen AS s
)
SELECT
  j.source,
  j.medium,
  j.campaign,
  j.has_click_id,
  CASE
    WHEN j.src = '(direct)' AND j.med IN ('(not set)', '(none)', '') AND j.has_click_id = 0 THEN 'Direct'
    WHEN regexp_matches(LOWER(j.campaign), 'cross-network') THEN 'Cross-network'
    WHEN (j.is_shopping OR j.is_shopping_campaign) AND j.is_paid THEN 'Paid Shopping'
    WHEN j.is_search AND j.is_paid THEN 'Paid Search'
    WHEN j.is_social AND j.is_paid THEN 'Paid Social'
    WHEN j.is_video AND j.is_paid THEN 'Paid Video'
    WHEN j.med IN ('display', 'banner', 'expandable', 'interstitial', 'cpm') THEN 'Display'
    WHEN j.is_paid THEN 'Paid Other'
    WHEN j.has_click_id = 1 THEN 'Paid Search'
    WHEN j.is_shopping OR j.is_shopping_campaign THEN 'Organic Shopping'
    WHEN j.is_social
      OR j.med IN ('social', 'social-network', 'social-media', 'sm', 'social network', 'social media')
      THEN 'Organic Social'
    WHEN j.is_video OR regexp_matches(j.med, '^(.*video.*)$') THEN 'Organic Video'
    WHEN j.is_search OR j.med = 'organic' THEN 'Organic Search'
    WHEN j.med IN ('referral', 'app', 'link') THEN 'Referral'
    WHEN regexp_matches(j.src, '^e[-_ ]?mail$') OR regexp_matches(j.med, '^e[-_ ]?mail$') THEN 'Email'
    WHEN j.med = 'affiliate' THEN 'Affiliates'
    WHEN j.med = 'audio' THEN 'Audio'
    WHEN j.src = 'sms' OR j.med = 'sms' THEN 'SMS'
    WHEN regexp_matches(j.med, 'push$|mobile|notification') OR j.src = 'firebase'
      THEN 'Mobile Push Notifications'
    ELSE 'Unassigned'
  END AS channel
FROM judged AS j
