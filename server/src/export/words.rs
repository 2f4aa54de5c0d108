//! The words of exported tables, in Chinese and English. The console has its own.

use std::str::FromStr;

/// In which language a table is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// 中文.
    #[default]
    Chinese,
    /// English.
    English,
}

impl FromStr for Language {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        match name {
            "zh" => Ok(Self::Chinese),
            "en" => Ok(Self::English),
            _ => Err(()),
        }
    }
}

/// Name, Chinese, English.
const WORDS: &[(&str, &str, &str)] = &[
    // Headings
    ("id", "编号", "Record"),
    ("kind", "类型", "Kind"),
    ("title", "名称", "Title"),
    ("subtitle", "说明", "Details"),
    ("day", "业务日", "Business day"),
    ("captured", "记录时间", "Captured"),
    ("owner", "归属人", "Owner"),
    ("office", "分所", "Office"),
    ("team", "团队", "Team"),
    ("project", "项目", "Project"),
    ("state", "审核状态", "Review"),
    ("reason", "原因", "Reason"),
    ("stage", "阶段", "Stage"),
    ("completeness", "完整度", "Completeness"),
    ("conflicts", "冲突数", "Conflicts"),
    ("flags", "标记", "Flags"),
    ("changes", "修改数", "Changes"),
    ("updated", "更新时间", "Updated"),
    // Kinds
    ("visit", "拜访", "Visit"),
    ("survey", "客户调查表", "Survey"),
    ("lead", "意向客户", "Lead"),
    // Review
    ("received", "待审", "Received"),
    ("approved", "已通过", "Approved"),
    ("returned", "已退回", "Returned"),
    ("rejected", "已驳回", "Rejected"),
    // Stages
    ("registered", "报备", "Registered"),
    ("arrived", "到访", "Arrived"),
    ("reserved", "认筹", "Reserved"),
    ("subscribed", "认购", "Subscribed"),
    ("signed", "签约", "Signed"),
    ("paid", "回款", "Paid"),
    ("mortgage", "按揭", "Mortgage"),
    ("lost", "流失", "Lost"),
    // Flags
    ("mock_location", "模拟定位", "Mock location"),
    ("clock_jump", "时钟跳变", "Clock jump"),
    ("impossible_travel", "行程异常", "Impossible travel"),
    ("outside_geofence", "超出围栏", "Outside geofence"),
    ("repeated_photo", "照片重复", "Repeated photo"),
    ("hasty_survey", "调查过快", "Hasty survey"),
    ("hasty_records", "录入过密", "Hasty records"),
    ("duplicate_phone", "号码重复", "Duplicate phone"),
    ("cloned_device", "设备克隆", "Cloned device"),
    ("late_record", "迟到记录", "Late record"),
    ("missing_consent", "未获同意", "Missing consent"),
];

/// The word for a name; `None` for one that has none, as a stage of a newer app.
pub fn of(name: &str, language: Language) -> Option<&'static str> {
    let (_, chinese, english) = WORDS.iter().find(|(known, ..)| *known == name)?;
    Some(match language {
        Language::Chinese => chinese,
        Language::English => english,
    })
}

/// What stands between words of a list.
pub fn between(language: Language) -> &'static str {
    match language {
        Language::Chinese => "、",
        Language::English => ", ",
    }
}

#[cfg(test)]
mod tests {
    use sync_core::record::Kind;
    use sync_core::record::review::ReviewState;

    use super::*;
    use crate::export::COLUMNS;
    use crate::flag::Flag;

    #[test]
    fn everything_has_words_in_both_languages() {
        let names =
            COLUMNS.into_iter().chain(Kind::ALL.map(Kind::as_str)).chain(ReviewState::ALL.map(ReviewState::as_str));
        for name in names.chain(Flag::ALL.iter().map(|flag| flag.as_str())) {
            for language in [Language::Chinese, Language::English] {
                assert!(of(name, language).is_some_and(|word| !word.is_empty()), "{name}");
            }
        }
        let names: std::collections::BTreeSet<&str> = WORDS.iter().map(|(name, ..)| *name).collect();
        assert_eq!(names.len(), WORDS.len(), "a name has one word");
    }
}
