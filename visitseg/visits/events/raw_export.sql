-- Grain:  one row per row of the log. Write the name of your own table.
SELECT * FROM `your-project.your_dataset.your_events`
