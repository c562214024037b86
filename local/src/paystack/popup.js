// In the frame: tells the page around it what has happened here, as Paystack's checkout does.
const { event, details, merchant } = document.querySelector("[data-event]").dataset;
const say = (name, data) => parent.postMessage({ event: name, data }, merchant);
say("loaded:checkout");
say(event, JSON.parse(details));
