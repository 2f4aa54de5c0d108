//! Tables of what apps see. Each line is a field, its type, where it comes from, and what an app's developer reads about it.

/// Records of our own, made of the client's: a field is the one of the same name unless the table says from where.
macro_rules! shapes {
    (@value $source:ident $field:ident) => { $source.$field };
    (@value $source:ident $field:ident $from:expr) => { $from };
    ($(
        $(#[$doc:meta])*
        $name:ident of $source:ident: $type:ty {
            $($field:ident: $field_type:ty $(= $from:expr)? => $field_doc:tt,)+
        }
    )+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, uniffi::Record)]
        pub struct $name {
            $(#[doc = $field_doc] pub $field: $field_type,)+
        }

        impl From<$type> for $name {
            fn from($source: $type) -> Self {
                Self { $($field: $crate::shape::shapes!(@value $source $field $($from)?),)+ }
            }
        }
    )+};
    ($(
        $(#[$doc:meta])*
        $name:ident { $($field:ident: $field_type:ty => $field_doc:tt,)+ }
    )+) => {$(
        $(#[$doc])*
        #[derive(uniffi::Record)]
        pub struct $name {
            $(#[doc = $field_doc] pub $field: $field_type,)+
        }
    )+};
}

/// Choices of our own, made of the client's: each with what it carries, and of which of the client's it is made.
macro_rules! outcomes {
    ($(
        $(#[$doc:meta])*
        $name:ident of $type:ty {
            $($variant:ident $({ $field:ident: $field_type:ty = $from:expr })?: $pattern:pat => $variant_doc:tt,)+
        }
    )+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, uniffi::Enum)]
        pub enum $name {
            $(#[doc = $variant_doc] $variant $({ #[doc = "What it carries."] $field: $field_type })?,)+
        }

        impl From<$type> for $name {
            fn from(inner: $type) -> Self {
                match inner {
                    $($pattern => Self::$variant $({ $field: $from })?,)+
                }
            }
        }
    )+};
}

/// The client's own types as they are. The compiler holds each table against the original: a field too many, too few or of
/// another type does not compile.
macro_rules! mirrors {
    () => {};
    (
        $(#[$doc:meta])*
        record $name:ident { $($field:ident $([$default:ident])?: $type:ty => $field_doc:tt,)+ }
        $($rest:tt)*
    ) => {
        $(#[$doc])*
        #[uniffi::remote(Record)]
        pub struct $name {
            $(#[doc = $field_doc] $(#[uniffi($default)])? pub $field: $type,)+
        }
        $crate::shape::mirrors! { $($rest)* }
    };
    (
        $(#[$doc:meta])*
        choice $name:ident {
            $($variant:ident $(($value:ty))? $({ $($field:ident: $type:ty),+ })? => $variant_doc:tt,)+
        }
        $($rest:tt)*
    ) => {
        $(#[$doc])*
        #[uniffi::remote(Enum)]
        pub enum $name {
            $(#[doc = $variant_doc] $variant $(($value))? $({ $($field: $type),+ })?,)+
        }
        $crate::shape::mirrors! { $($rest)* }
    };
}

/// What screens call: each line is a method of this name that runs the other one, which blocks, on a thread of the library.
macro_rules! for_screens {
    ($object:ident { $($name:ident($($argument:ident: $type:ty $([$default:ident])?),*) -> $result:ty = $call:ident;)+ }) => {
        #[uniffi::export]
        impl $object {$(
            /// As the method without `async` in its name, for the UI's thread. What it began is finished even if the caller
            /// stops waiting.
            #[uniffi::method(default($($($argument = $default,)?)*))]
            pub async fn $name(&self, $($argument: $type),*) -> $crate::error::Result<$result> {
                let this = self.clone();
                blocking::unblock(move || this.$call($($argument),*)).await
            }
        )+}
    };
}

pub(crate) use {for_screens, mirrors, outcomes, shapes};

/// Each of a list in its shape.
pub(crate) fn each<T, U: From<T>>(list: Vec<T>) -> Vec<U> {
    list.into_iter().map(U::from).collect()
}
