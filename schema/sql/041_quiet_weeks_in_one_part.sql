-- A look-up by a hash searches every part of every week that is kept: of five weeks with nine parts each it takes four
-- times as long as of one. So the parts of a week become one when nothing has come into it for six hours: mostly a week
-- that is over, and each row once more, which takes 0.4 us. A week into which something comes now and then is not
-- written anew more often than that.
ALTER TABLE hop_keys
    MODIFY SETTING min_age_to_force_merge_seconds = 21600, min_age_to_force_merge_on_partition_only = 1;
ALTER TABLE trace_index
    MODIFY SETTING min_age_to_force_merge_seconds = 21600, min_age_to_force_merge_on_partition_only = 1;
