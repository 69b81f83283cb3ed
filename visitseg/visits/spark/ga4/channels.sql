-- Grain:  one row per source, medium, campaign and whether there is a Google Ads click id.
-- Input:  visit_totals.
-- Rules:  Google's documented default channel group of GA4, in its order; the lists of sites are
--         the best known of each category. https://support.google.com/analytics/answer/9756891
--         A site counts by its own name, as in google or www.google.co.uk; other services of the
--         same house, as in mail.google.com, are plain referrers.
-- Spark:  generated from ga4/channels.sql by scripts/write_spark_sql.py.
WITH seen AS (
  SELECT DISTINCT
    COALESCE(source, '') AS source,
    COALESCE(medium, '') AS medium,
    COALESCE(campaign, '') AS campaign,
    CAST(CASE WHEN click_id IS NULL THEN 0L ELSE 1L END AS BIGINT) AS has_click_id
  FROM visit_totals
), judged AS (
  SELECT
    s.*,
    LOWER(s.source) AS src,
    LOWER(s.medium) AS med,
    LOWER(s.medium) RLIKE r'(?d)^(.*cp.*|ppc|retargeting|paid.*)\z' AS is_paid,
    LOWER(s.campaign) RLIKE r'(?d)^(.*(([^a-df-z]|^)shop|shopping).*)\z' AS is_shopping_campaign,
    LOWER(s.source) RLIKE r'^(([a-z]{1,2}|www|search|[a-z]{1,2}\.search)\.)*(amazon|ebay|etsy|walmart|alibaba|aliexpress|mercadolibre|mercadolivre|shopping\.google|google shopping|shopzilla|shopping|shopify|shop\.app|target|bestbuy|costco|rakuten|zalando|idealo|kelkoo|ceneo|allegro|cdiscount|pricegrabber|nextag|bizrate|price|stripe|checkout\.stripe|lyst|wish|temu|shein|flipkart|myntra|lazada|shopee|tokopedia|coupang)(\.[a-z]{2,4}){0,2}\z' AS is_shopping,
    LOWER(s.source) RLIKE r'^(([a-z]{1,2}|www|search|[a-z]{1,2}\.search)\.)*(google|google-play|bing|yahoo|baidu|yandex|ya|duckduckgo|ecosia|qwant|naver|daum|seznam|ask|aol|sogou|so|360|startpage|brave|lycos|rambler|go\.mail|excite|dogpile|alice|virgilio|biglobe|auone|docomo|rakuten|najdi|onet|szukacz|terra|globo|centrum|eniro|kvasir|exalead|lite\.qwant|swisscows|mojeek|perplexity)(\.[a-z]{2,4}){0,2}\z' AS is_search,
    LOWER(s.source) RLIKE r'^(([a-z]{1,2}|www|search|[a-z]{1,2}\.search)\.)*(facebook|fb|instagram|ig|twitter|t\.co|x|linkedin|lnkd\.in|pinterest|pin\.it|reddit|redd\.it|out\.reddit|tiktok|snapchat|tumblr|t\.umblr|vk|vkontakte|ok|odnoklassniki|quora|weibo|whatsapp|wa\.me|web\.whatsapp|telegram|t\.me|threads|bsky|mastodon|meetup|groups\.google|plus\.google|sites\.google|blogger|blogspot|wordpress|livejournal|medium|flickr|foursquare|yelp|tripadvisor|trustpilot|glassdoor|goodreads|deviantart|stackoverflow|stackexchange|news\.ycombinator|hatena|ameblo|line|kakao|kakaotalk|messenger|discord|nextdoor|xing|viadeo|douban|qzone|renren|mixi|zalo|disqus|last\.fm|myspace|ning|typepad|tinyurl)(\.[a-z]{2,4}){0,2}\z' AS is_social,
    LOWER(s.source) RLIKE r'^(([a-z]{1,2}|www|search|[a-z]{1,2}\.search)\.)*(youtube|youtu\.be|vimeo|dailymotion|twitch|netflix|hulu|disneyplus|bilibili|iqiyi|youku|crackle|curiositystream|veoh|viddler|vudu|wistia|ted|utreon|rumble)(\.[a-z]{2,4}){0,2}\z' AS is_video
  FROM seen AS s
)
SELECT
  j.source,
  j.medium,
  j.campaign,
  j.has_click_id,
  CASE
    WHEN j.src = '(direct)' AND j.med IN ('(not set)', '(none)', '') AND j.has_click_id = 0
    THEN 'Direct'
    WHEN LOWER(j.campaign) RLIKE r'cross-network'
    THEN 'Cross-network'
    WHEN (
      j.is_shopping OR j.is_shopping_campaign
    ) AND j.is_paid
    THEN 'Paid Shopping'
    WHEN j.is_search AND j.is_paid
    THEN 'Paid Search'
    WHEN j.is_social AND j.is_paid
    THEN 'Paid Social'
    WHEN j.is_video AND j.is_paid
    THEN 'Paid Video'
    WHEN j.med IN ('display', 'banner', 'expandable', 'interstitial', 'cpm')
    THEN 'Display'
    WHEN j.is_paid
    THEN 'Paid Other'
    WHEN j.has_click_id = 1
    THEN 'Paid Search'
    WHEN j.is_shopping OR j.is_shopping_campaign
    THEN 'Organic Shopping'
    WHEN j.is_social
    OR j.med IN ('social', 'social-network', 'social-media', 'sm', 'social network', 'social media')
    THEN 'Organic Social'
    WHEN j.is_video OR j.med RLIKE r'(?d)^(.*video.*)\z'
    THEN 'Organic Video'
    WHEN j.is_search OR j.med = 'organic'
    THEN 'Organic Search'
    WHEN j.med IN ('referral', 'app', 'link')
    THEN 'Referral'
    WHEN j.src RLIKE r'^e[-_ ]?mail\z' OR j.med RLIKE r'^e[-_ ]?mail\z'
    THEN 'Email'
    WHEN j.med = 'affiliate'
    THEN 'Affiliates'
    WHEN j.med = 'audio'
    THEN 'Audio'
    WHEN j.src = 'sms' OR j.med = 'sms'
    THEN 'SMS'
    WHEN j.med RLIKE r'push\z|mobile|notification' OR j.src = 'firebase'
    THEN 'Mobile Push Notifications'
    ELSE 'Unassigned'
  END AS channel
FROM judged AS j
