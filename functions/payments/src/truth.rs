//! The whole truth about a charge: what Paystack itself says about it, its refunds and its disputes, in one order,
//! whatever order the events came in.

use adapters::paystack::{DisputeSeen, Paystack, PaystackError, RefundSeen};
use domain::tip::{ChargeFacts, ChargeState, Tip};

/// The status of a charge none of which has gone back.
const WHOLE: &str = "success";

/// What Paystack says.
#[derive(Clone, Debug)]
pub(crate) struct Truth {
    /// The charge; nothing when Paystack does not know the reference.
    pub charge: Option<ChargeFacts>,
    /// Its refunds, by id; nothing where nobody had a reason to ask.
    pub refunds: Option<Vec<RefundSeen>>,
    /// Its disputes, by id.
    pub disputes: Vec<DisputeSeen>,
}

impl Truth {
    /// Asks about a tip's charge, and about what has gone back where an event, the charge or the tip gives a reason.
    ///
    /// # Errors
    /// [`PaystackError`]: a truth with a hole in it is none.
    pub(crate) async fn ask(
        paystack: &Paystack,
        tip: &Tip,
        returns: bool,
    ) -> Result<Self, PaystackError> {
        let nothing = Self { charge: None, refunds: None, disputes: Vec::new() };
        let Some(verified) = paystack.verify(&tip.tenant, &tip.reference()).await? else {
            return Ok(nothing);
        };
        let (id, charge) = (verified.id, verified.facts);
        let collected = ChargeState::of(&charge.status) == ChargeState::Collected;
        if !collected || !(returns || charge.status != WHOLE || expects_returns(tip)) {
            return Ok(Self { charge: Some(charge), ..nothing });
        }
        let (refunds, disputes) = futures::try_join!(
            paystack.refunds_of(&tip.tenant, id),
            paystack.disputes_of(&tip.tenant, id),
        )?;
        Ok(Self { charge: Some(charge), refunds: Some(refunds), disputes })
    }
}

/// Whether something of it is on its way back, or may be.
fn expects_returns(tip: &Tip) -> bool {
    tip.is_disputed() || !tip.refunds_asked.is_empty()
}
