-- A look-up by a hash pays for every part that it searches, and a week that is being filled has nine or more: 343 keys of
-- a page in nine parts take 55 ms of processor time, in one part 16. So what is older than an hour becomes one part in
-- such a week, too, and not only in a quiet one (041). Each hour then writes the week's part anew, at 0.4 us a row: at 20
-- million spans a day a hundredth of a processor. No part grows past 10 GiB by merges (over a billion rows), which keeps
-- it below a fifth of one at any rate.
ALTER TABLE hop_keys
    MODIFY SETTING min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 0,
        max_bytes_to_merge_at_max_space_in_pool = 10737418240;
ALTER TABLE trace_index
    MODIFY SETTING min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 0,
        max_bytes_to_merge_at_max_space_in_pool = 10737418240;
