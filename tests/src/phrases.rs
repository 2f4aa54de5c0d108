//! What promoters write: Chinese notes of varied length, put together from phrases.

use rand::{Rng, RngExt};

const NOTES: &[&str] = &[
    "客户目前租房，合同年底到期，希望在此之前定下来。",
    "对南北通透的三房感兴趣，问了物业费和车位价格。",
    "家里老人想住低楼层，最好带电梯。",
    "孩子明年上小学，非常关心学区划分。",
    "只是随便看看，资料已留下。",
    "觉得总价偏高，想等活动。",
    "已经看过隔壁两个楼盘，正在比较得房率。",
    "配偶在外地工作，周末才能一起来现场。",
    "首付准备得差不多，月供希望控制在六千以内。",
    "不喜欢临街的楼栋，担心噪音。",
    "对装修标准有疑问，需要置业顾问讲解。",
    "电话里态度很好，约好下次带看。",
    "说最近生意忙，过了这一阵再联系。",
    "想置换，手上的房子还没有卖掉。",
    "关心交付时间和开发商的口碑。",
    "问能不能用公积金组合贷款。",
    "朋友已经在本项目买了，介绍他来了解。",
    "门卫不让进，只在门口聊了几句。",
    "下雨，客户不在家，邻居代收了资料。",
    "对花园洋房更感兴趣，面积一百二十平米左右。",
];

const FOLLOW_UPS: &[&str] = &[
    "电话回访，客户还在考虑。",
    "微信发送了户型图。",
    "再次联系，约定周末到访。",
    "客户询问了最新优惠，已答复。",
    "无人接听，改日再打。",
    "客户说要和家人商量。",
    "发送了楼盘位置和看房路线。",
    "客户对价格仍有顾虑。",
    "提醒客户带上身份证复印件。",
    "客户已加入看房团。",
];

const ACTIONS: &[&str] = &["电话回访", "邀约到访", "寄送资料", "安排带看", "等待开盘通知", "请置业顾问联系"];

const AREAS: &[&str] = &["80-90平米", "90-110平米", "110-130平米", "130-160平米", "城东新区", "地铁口", "学校附近"];

const TIMES: &[&str] = &["一个月内", "三个月内", "半年内", "一年内", "暂无计划"];

fn one<'a>(list: &[&'a str], rng: &mut dyn Rng) -> &'a str {
    list[rng.random_range(0..list.len())]
}

/// A note of up to six sentences; most are short, as on real evenings.
pub fn note(rng: &mut dyn Rng) -> String {
    let sentences = match rng.random_range(0..10) {
        0 => 0,
        1..=6 => 1,
        7 | 8 => 3,
        _ => 6,
    };
    (0..sentences).map(|_| one(NOTES, rng)).collect()
}

/// A note of so many characters.
pub fn note_of(characters: usize, rng: &mut dyn Rng) -> String {
    let mut text = String::new();
    while text.chars().count() < characters {
        text.push_str(one(NOTES, rng));
    }
    text.chars().take(characters).collect()
}

/// What came of a contact.
pub fn follow_up(rng: &mut dyn Rng) -> String {
    one(FOLLOW_UPS, rng).to_owned()
}

/// What is to be done next.
pub fn action(rng: &mut dyn Rng) -> String {
    one(ACTIONS, rng).to_owned()
}

/// A wanted floor area or district.
pub fn area(rng: &mut dyn Rng) -> String {
    one(AREAS, rng).to_owned()
}

/// When somebody would buy.
pub fn purchase_time(rng: &mut dyn Rng) -> String {
    one(TIMES, rng).to_owned()
}
