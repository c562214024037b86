//! `POST /transfer/finalize_transfer`: the one-time password of a transfer.

use super::{Transfer, TransferStatus};
use crate::paystack::api::Call;
use crate::paystack::reply::{Outcome, Refusal, Reply};
use crate::paystack::state::State;

/// The password that is right.
const PASSWORD: &str = "123456";

/// The merchant types its one-time password; a wrong one ends the transfer.
pub(in crate::paystack) fn finalize(state: &mut State, call: &Call) -> Outcome {
    let code = call.body.text("transfer_code").unwrap_or_default();
    let is_meant =
        |transfer: &&Transfer| transfer.integration == call.integration && transfer.code == code;
    let transfer = state.transfers.all().find(is_meant);
    let transfer = transfer.ok_or_else(|| Refusal::invalid("Transfer code is invalid"))?;
    let (id, status) = (transfer.id, transfer.status);
    if status != TransferStatus::Otp {
        return Err(Refusal::invalid("Transfer is not currently awaiting OTP"));
    }
    let password = call.body.text("otp").ok_or_else(|| Refusal::missing("OTP is required"))?;
    if password != PASSWORD {
        state.end_transfer(id, TransferStatus::Failed);
        return Err(Refusal::invalid("OTP provided is invalid"));
    }
    state.ask_or_go(id);
    let transfer = state.transfers.get(id);
    let body = transfer.and_then(|transfer| state.transfer_body(transfer));
    Ok(Reply::ok("Transfer has been queued", body.ok_or_else(Refusal::broken)?))
}

/// `POST /transfer/resend_otp`.
pub(in crate::paystack) fn resend_otp(_: &mut State, _: &Call) -> Outcome {
    Ok(Reply::bare("OTP has been resent"))
}

/// `POST /transfer/disable_otp`: a password goes to the owner first.
pub(in crate::paystack) fn disable_otp(_: &mut State, _: &Call) -> Outcome {
    Ok(Reply::bare("OTP has been sent to mobile number ending with 4321"))
}

/// `POST /transfer/disable_otp_finalize`.
pub(in crate::paystack) fn disable_otp_finalize(state: &mut State, call: &Call) -> Outcome {
    if call.body.text("otp").as_deref() != Some(PASSWORD) {
        return Err(Refusal::invalid("OTP provided is invalid"));
    }
    set_otp(state, call, false);
    Ok(Reply::bare("OTP requirement has been disabled for transfers"))
}

/// `POST /transfer/enable_otp`.
pub(in crate::paystack) fn enable_otp(state: &mut State, call: &Call) -> Outcome {
    set_otp(state, call, true);
    Ok(Reply::bare("OTP requirement has been enabled for transfers"))
}

fn set_otp(state: &mut State, call: &Call, otp: bool) {
    if let Some(integration) = state.integrations.edit(call.integration) {
        integration.settings.otp = otp;
    }
}
