-- Organisations whose thresholds changed: the flags of what is stored already are raised anew, one record after the
-- other, beside everything else.
create table flags_to_raise (
    organisation uuid primary key references organisation (id),
    -- Raised by each change of thresholds: whoever works for an earlier one is too late.
    round bigint not null,
    -- All records up to this one are done.
    behind uuid not null,
    -- So many of them are the organisation's.
    done bigint not null
);
