//! Invented names and telephone numbers.
//!
//! The data set has neither. Both are worked out from a number and a seed, so that a run can be repeated; the
//! telephone numbers have the prefix 140, which China gives to machines and not to people.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sync_core::phone_number::{PhoneNumber, PhoneNumberError};
use sync_core::record::lead::Gender;

/// Stands in every lead of the demonstration, so that nobody takes the names for real ones.
pub const INVENTED: &str = "【演示数据：姓名与电话由种子生成】";

const SURNAMES: &str = "王李张刘陈杨黄赵周吴徐孙马朱胡郭何林高罗郑梁谢宋唐许邓冯韩曹曾彭萧蔡潘田董袁于余叶蒋杜苏魏程吕丁沈任姚卢傅钟姜崔谭廖范汪陆金石戴贾韦夏邱方侯邹熊孟秦白江阎薛尹段雷黎史龙陶贺顾毛郝龚邵万钱严赖覃洪武莫孔";
const FEMALE: &str = "芳娜敏静丽艳娟霞秀玲桂英兰凤洁梅琳素云莲真环雪荣爱妹香月莺媛瑞凡佳嘉琼勤珍贞莉欣慧婷雅";
const MALE: &str = "伟强磊军洋勇杰涛超明刚平辉鹏华飞鑫波斌宇浩凯健俊帆帅旭宁龙林欢佳阳建国志文东海峰山仁";

/// Somebody who does not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invented {
    /// Surname and given name.
    pub name: String,
    /// Goes with the given name.
    pub gender: Gender,
}

impl Invented {
    /// The person with this number. Names repeat, as they do in a phone book.
    pub fn numbered(number: u32, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed ^ (u64::from(number) << 32));
        let female = rng.random_bool(0.5);
        let given = if female { FEMALE } else { MALE };
        let mut name = pick(SURNAMES, &mut rng).to_string();
        name.push(pick(given, &mut rng));
        if rng.random_bool(0.7) {
            name.push(pick(given, &mut rng));
        }
        Self { name, gender: if female { Gender::Female } else { Gender::Male } }
    }
}

fn pick(characters: &str, rng: &mut ChaCha8Rng) -> char {
    let index = rng.random_range(0..characters.chars().count());
    characters.chars().nth(index).unwrap_or('某')
}

/// The telephone number of the person with this number: a different one for each of the first hundred million.
///
/// # Errors
/// Never, unless the rules for Chinese numbers change.
pub fn phone(number: u32, seed: u64) -> Result<PhoneNumber, PhoneNumberError> {
    const NUMBERS: u64 = 100_000_000;
    // 61,803,399 has no factor in common with a hundred million, so this maps numbers one to one.
    let digits = (u64::from(number) * 61_803_399 + seed % NUMBERS) % NUMBERS;
    format!("140{digits:08}").parse()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn telephone_numbers_are_full_and_unique() {
        let numbers: BTreeSet<_> = (0..20_000).map(|number| phone(number, 7).unwrap()).collect();
        assert_eq!(numbers.len(), 20_000);
        assert!(numbers.iter().all(|number| number.is_full() && number.as_str().starts_with("+86140")));
    }

    #[test]
    fn the_same_number_is_the_same_person() {
        assert_eq!(Invented::numbered(5, 1), Invented::numbered(5, 1));
        let names: BTreeSet<_> = (0..200).map(|number| Invented::numbered(number, 1).name).collect();
        assert!(names.len() > 150);
    }
}
