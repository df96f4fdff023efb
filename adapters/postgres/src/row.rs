//! Values as they are stored.

use ipass_core::stage::Stage;

/// The number of a stage as it is stored.
pub(crate) fn number(stage: Stage) -> i16 {
    stage.number().into()
}
