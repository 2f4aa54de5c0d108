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
    ("case", "案例", "Case"),
    ("elsewhere", "其他地区", "Elsewhere"),
    ("person", "人员编号", "Person"),
    ("name", "姓名", "Name"),
    ("role", "角色", "Role"),
    ("active", "在职", "Works here"),
    ("device", "手机编号", "Phone no."),
    ("phone", "手机", "Phone"),
    ("app", "应用", "App"),
    ("enrolled", "注册时间", "Enrolled"),
    ("last_exchange", "最近同步", "Last exchange"),
    ("skew_seconds", "时钟偏差（秒）", "Clock off by (s)"),
    ("unsent_records", "未发送记录", "Unsent records"),
    ("unsent_changes", "未发送修改", "Unsent changes"),
    ("unsent_photos", "未发送照片", "Unsent photos"),
    ("unsent_since", "最早未发送", "Unsent since"),
    ("revoked", "停用时间", "Revoked"),
    ("deposited", "交清时间", "All handed in"),
    ("wipe_ordered", "下令清除", "Wipe ordered"),
    ("wiped", "已清除", "Wiped"),
    ("line", "序号", "Line"),
    ("received_at", "接收时间", "Received at"),
    ("standing", "状态", "State"),
    ("code", "代码", "Code"),
    ("bytes", "字节", "Bytes"),
    ("fields", "字段", "Fields"),
    ("author_known", "作者已确认", "Author known"),
    ("photo", "照片编号", "Photo"),
    ("naming_records", "所属记录数", "Records naming it"),
    ("other_records", "其他所属记录", "Others that name it"),
    ("brought_by", "上传人", "Brought by"),
    ("media_type", "格式", "Format"),
    ("form", "表单", "Form"),
    ("version", "版本", "Version"),
    ("filled_in", "问卷数", "Surveys filled in"),
    ("question", "问题", "Question"),
    ("answered", "回答数", "Answers"),
    ("answer", "回答", "Answer"),
    ("count", "次数", "How often"),
    ("held_changes", "待裁决修改", "Held changes"),
    ("since", "起始时间", "Since"),
    ("closed", "结算时间", "Closed"),
    ("statements", "结算单数", "Statements"),
    ("records", "记录数", "Records"),
    ("unsealed", "未结算记录", "Unsealed records"),
    ("unsealed_facts", "未结算到访与金额", "Unsealed arrivals and money"),
    ("day_closed", "已结算", "Closed"),
    ("late_records", "迟到记录", "Late records"),
    ("late_facts", "迟到到访与金额", "Late arrivals and money"),
    ("consultant", "置业顾问", "Consultant"),
    ("arrivals", "到访数", "Arrivals"),
    ("missing_phones", "缺报手机", "Missing phones"),
    ("visits", "拜访数", "Visits"),
    ("surveys", "调查表数", "Surveys"),
    ("leads", "意向客户数", "Leads"),
    ("flagged", "有标记", "Flagged"),
    ("late", "迟到", "Late"),
    ("absence", "缺报", "Missing"),
    ("reminded", "催报时间", "Reminded"),
    ("reminder_reached", "催报送达", "Reminder arrived"),
    ("entry", "序号", "No."),
    ("at", "时间", "At"),
    ("origin", "来源", "From"),
    ("act", "操作", "Act"),
    ("subject", "对象", "To what"),
    ("detail", "内容", "With what"),
    // Words of tables
    ("yes", "是", "Yes"),
    ("no", "否", "No"),
    ("other_answers", "其他回答", "Other answers"),
    ("machine", "服务器本机", "The server itself"),
    // Roles
    ("promoter", "行销人员", "Field promoter"),
    ("supervisor", "渠道主管", "Team supervisor"),
    ("secretary", "渠道秘书", "Channel secretary"),
    ("office_manager", "渠道经理", "Office manager"),
    ("reviewer", "审核员", "Reviewer"),
    ("hq_admin", "总部管理员", "HQ administrator"),
    ("auditor", "审计员", "Auditor"),
    // What became of changes
    ("published", "已发布", "Published"),
    ("held", "待裁决", "Held"),
    ("quarantined", "已隔离", "Quarantined"),
    ("waiting", "等待中", "Waiting"),
    ("refused", "已拒绝", "Refused"),
    // What became of photos
    ("uploaded", "已收到", "Here"),
    ("missing", "未到达", "Not here yet"),
    ("no_preview", "已收到，无法预览", "Here, without a preview"),
    // Why phones are missing
    ("never", "从未同步", "Never exchanged"),
    ("cut_off", "停用时未交齐", "Cut off before it handed in"),
    ("silent", "今晚未同步", "Silent this evening"),
    ("unsent", "尚有未发送", "Something unsent"),
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
    use sync_core::wire::enrol::Role;

    use super::*;
    use crate::export::lists;
    use crate::flag::Flag;
    use crate::store::ChangeState;

    #[test]
    fn everything_has_words_in_both_languages() {
        let columns = lists::ALL.iter().flat_map(|columns| columns.iter().copied());
        let names = columns.chain(Kind::ALL.map(Kind::as_str)).chain(ReviewState::ALL.map(ReviewState::as_str));
        let names = names.chain(Role::ALL.map(Role::as_str)).chain(ChangeState::ALL.map(ChangeState::as_str));
        for name in names.chain(Flag::ALL.iter().map(|flag| flag.as_str())) {
            for language in [Language::Chinese, Language::English] {
                assert!(of(name, language).is_some_and(|word| !word.is_empty()), "{name}");
            }
        }
        let names: std::collections::BTreeSet<&str> = WORDS.iter().map(|(name, ..)| *name).collect();
        assert_eq!(names.len(), WORDS.len(), "a name has one word");
    }
}
