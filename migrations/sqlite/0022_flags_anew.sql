-- Organisations whose thresholds changed: the flags of what is stored already are raised anew, one record after the
-- other, beside everything else.
create table flags_to_raise (
    organisation blob primary key references organisation (id),
    -- Raised by each change of thresholds: whoever works for an earlier one is too late.
    round integer not null,
    -- All records up to this one are done.
    behind blob not null,
    -- So many of them are the organisation's.
    done integer not null
);
