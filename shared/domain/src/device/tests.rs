use super::*;

/// Class, kind, system, browser and the User-Agent text, as seen in the wild.
const PEOPLE: &[(DeviceKind, Os, Browser, &str)] = &[
    (DeviceKind::Mobile, Os::Ios, Browser::Safari, "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1"),
    (DeviceKind::Mobile, Os::Ios, Browser::Chrome, "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/125.0.6422.80 Mobile/15E148 Safari/604.1"),
    (DeviceKind::Mobile, Os::Ios, Browser::Firefox, "Mozilla/5.0 (iPhone; CPU iPhone OS 14_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/126.0 Mobile/15E148 Safari/605.1.15"),
    (DeviceKind::Mobile, Os::Ios, Browser::Edge, "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 EdgiOS/124.0.2478.89 Mobile/15E148 Safari/605.1.15"),
    (DeviceKind::Mobile, Os::Ios, Browser::InApp, "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"),
    (DeviceKind::Mobile, Os::Ios, Browser::InApp, "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 [FBAN/FBIOS;FBAV/465.0.0.36.109;FBBV/604;FBDV/iPhone14,5]"),
    (DeviceKind::Mobile, Os::Ios, Browser::InApp, "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/21E219 Instagram 334.0.4.32.98 (iPhone14,5; iOS 17_4; en_NG)"),
    (DeviceKind::Mobile, Os::Ios, Browser::InApp, "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) GSA/316.0.630091404 Mobile/15E148 Safari/604.1"),
    (DeviceKind::Tablet, Os::Ios, Browser::Safari, "Mozilla/5.0 (iPad; CPU OS 12_5_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/12.1.2 Mobile/15E148 Safari/604.1"),
    (DeviceKind::Mobile, Os::Android, Browser::Chrome, "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.0.0 Mobile Safari/537.36"),
    (DeviceKind::Tablet, Os::Android, Browser::Chrome, "Mozilla/5.0 (Linux; Android 13; SM-X200) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36"),
    (DeviceKind::Mobile, Os::Android, Browser::Samsung, "Mozilla/5.0 (Linux; Android 14; SAMSUNG SM-A546B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36"),
    (DeviceKind::Mobile, Os::Android, Browser::Firefox, "Mozilla/5.0 (Android 14; Mobile; rv:126.0) Gecko/126.0 Firefox/126.0"),
    (DeviceKind::Tablet, Os::Android, Browser::Firefox, "Mozilla/5.0 (Android 13; Tablet; rv:126.0) Gecko/126.0 Firefox/126.0"),
    (DeviceKind::Mobile, Os::Android, Browser::Opera, "Mozilla/5.0 (Linux; Android 11; TECNO KG5m) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/122.0.0.0 Mobile Safari/537.36 OPR/81.1.4292.78446"),
    (DeviceKind::Mobile, Os::Other, Browser::Opera, "Opera/9.80 (J2ME/MIDP; Opera Mini/9.80/191.300; U; en) Presto/2.5.25 Version/10.54"),
    (DeviceKind::Mobile, Os::Android, Browser::Opera, "Opera/9.80 (Android; Opera Mini/36.2.2254/119.132; U; id) Presto/2.12.423 Version/12.16"),
    (DeviceKind::Mobile, Os::Android, Browser::Uc, "Mozilla/5.0 (Linux; U; Android 12; en-US; Infinix X6511) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/100.0.4896.58 UCBrowser/13.4.0.1306 Mobile Safari/537.36"),
    (DeviceKind::Mobile, Os::Other, Browser::Uc, "UCWEB/2.0 (Java; U; MIDP-2.0; en-US; nokia200) U2/1.0.0 UCBrowser/9.4.1.482 U2/1.0.0 Mobile UNTRUSTED/1.0"),
    (DeviceKind::Mobile, Os::Android, Browser::Edge, "Mozilla/5.0 (Linux; Android 10; HD1913) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.6422.113 Mobile Safari/537.36 EdgA/124.0.2478.64"),
    (DeviceKind::Mobile, Os::Android, Browser::InApp, "Mozilla/5.0 (Linux; Android 13; SM-G991B; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/124.0.0.0 Mobile Safari/537.36"),
    (DeviceKind::Mobile, Os::Android, Browser::InApp, "Mozilla/5.0 (Linux; Android 12; CPH2211; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/122.0.6261.119 Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/455.0.0.44.88;]"),
    (DeviceKind::Mobile, Os::Android, Browser::InApp, "Mozilla/5.0 (Linux; Android 13; M2101K6G) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/116.0.0.0 Mobile Safari/537.36 MicroMessenger/8.0.47.2560(0x28002F30)"),
    // A brand of phones whose name ends in "bot".
    (DeviceKind::Mobile, Os::Android, Browser::Chrome, "Mozilla/5.0 (Linux; Android 9; CUBOT_X19) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/96.0.4664.45 Mobile Safari/537.36"),
    (DeviceKind::Mobile, Os::Other, Browser::Firefox, "Mozilla/5.0 (Mobile; Nokia_8110_4G; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5"),
    (DeviceKind::Mobile, Os::Other, Browser::Chrome, "Mozilla/5.0 (Phone; OpenHarmony 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.0.0 Safari/537.36 ArkWeb/4.1.6.1 Mobile"),
    (DeviceKind::Mobile, Os::Windows, Browser::Edge, "Mozilla/5.0 (Windows Phone 10.0; Android 6.0.1; Microsoft; Lumia 950) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/52.0.2743.116 Mobile Safari/537.36 Edge/15.15254"),
    (DeviceKind::Tablet, Os::Android, Browser::Chrome, "Mozilla/5.0 (Linux; Android 9; KFMAWI) AppleWebKit/537.36 (KHTML, like Gecko) Silk/122.4.1 like Chrome/122.0.6261.140 Safari/537.36"),
    (DeviceKind::Desktop, Os::Windows, Browser::Chrome, "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.0.0 Safari/537.36"),
    (DeviceKind::Desktop, Os::Windows, Browser::Edge, "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.0.0 Safari/537.36 Edg/125.0.2535.51"),
    (DeviceKind::Desktop, Os::Windows, Browser::Firefox, "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:126.0) Gecko/20100101 Firefox/126.0"),
    (DeviceKind::Desktop, Os::Windows, Browser::Other, "Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko"),
    (DeviceKind::Desktop, Os::Macos, Browser::Safari, "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15"),
    (DeviceKind::Desktop, Os::Macos, Browser::Opera, "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36 OPR/110.0.0.0"),
    (DeviceKind::Desktop, Os::Linux, Browser::Firefox, "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0"),
    (DeviceKind::Desktop, Os::Linux, Browser::Chrome, "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.0.0 Safari/537.36"),
    (DeviceKind::Other, Os::Other, Browser::Chrome, "Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/94.0.4606.128 Safari/537.36 WebAppManager"),
    (DeviceKind::Other, Os::Other, Browser::Other, "Mozilla/5.0 (PlayStation; PlayStation 5/5.10) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.0 Safari/605.1.15"),
];

const PREVIEW_AGENTS: &[&str] = &[
    "WhatsApp/2.23.20.0",
    "WhatsApp/2",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0",
    "facebookexternalhit/1.1;line-poker/1.0",
    "Twitterbot/1.0",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "Slack-ImgProxy (+https://api.slack.com/robots)",
    "TelegramBot (like TwitterBot)",
    "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
    "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.1.1 Safari/605.1.15 (Applebot/0.1; +http://www.apple.com/go/applebot)",
    "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com",
    "Mozilla/5.0 (compatible; redditbot/1.0; +http://www.reddit.com/feedback)",
    "Snap URL Preview Service; bot; snapchat; https://developers.snap.com/robots",
    "Iframely/1.3.1 (+https://iframely.com/docs/about) Atlassian",
];

const BOT_AGENTS: &[&str] = &[
    "",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.6422.78 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm) Chrome/116.0.1938.76 Safari/537.36",
    "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)",
    "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)",
    "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.0; +https://openai.com/gptbot)",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; ClaudeBot/1.0; +claudebot@anthropic.com)",
    "Mozilla/5.0 (compatible; proximic; +https://www.comscore.com/Web-Crawler)",
    "Mozilla/5.0 (Linux; Android 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Mobile Safari/537.36 (compatible; Bytespider; spider-feedback@bytedance.com)",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/125.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Linux; Android 11; moto g power (2022)) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/119.0.0.0 Mobile Safari/537.36 Chrome-Lighthouse",
    "Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)",
    "Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)",
    "Mozilla/5.0 (compatible; archive.org_bot +http://archive.org/details/archive.org_bot)",
    "Mozilla/5.0 zgrab/0.x",
    "curl/8.5.0",
    "Wget/1.21.4",
    "python-requests/2.31.0",
    "Go-http-client/1.1",
    "okhttp/4.12.0",
    "Dalvik/2.1.0 (Linux; U; Android 13; SM-A135F Build/TP1A.220624.014)",
    "MyApp/1 CFNetwork/1496.0.7 Darwin/23.5.0",
    "Amazon CloudFront",
    "ELB-HealthChecker/2.0",
];

#[test]
fn people_are_told_by_their_browsers() {
    for (kind, os, browser, agent) in PEOPLE {
        let visit = Visit { user_agent: Some(agent), ..Visit::default() };
        assert_eq!(visit.class(), VisitClass::Person, "{agent}");
        let expected = Device { kind: *kind, os: *os, browser: *browser };
        assert_eq!(Device::of(Some(agent)), expected, "{agent}");
    }
}

#[test]
fn previews_and_bots_are_no_people() {
    let check = |agents: &[&str], class: VisitClass| {
        for agent in agents {
            let visit = Visit { user_agent: Some(agent), ..Visit::default() };
            assert_eq!(visit.class(), class, "{agent}");
        }
    };
    check(PREVIEW_AGENTS, VisitClass::Preview);
    check(BOT_AGENTS, VisitClass::Bot);
    assert_eq!(Visit::default().class(), VisitClass::Bot, "nobody who says a name");
    assert_eq!(Device::of(None), Device::UNKNOWN);
}

#[test]
fn a_prefetch_is_a_preview_and_head_is_head_whoever_asks() {
    let person = Visit { user_agent: Some(PEOPLE[0].3), ..Visit::default() };
    let check = |visit: Visit<'_>, class: VisitClass| assert_eq!(visit.class(), class, "{visit:?}");
    check(person, VisitClass::Person);
    check(Visit { sec_purpose: Some("prefetch"), ..person }, VisitClass::Preview);
    check(Visit { sec_purpose: Some("prefetch;prerender"), ..person }, VisitClass::Preview);
    check(Visit { sec_purpose: Some("prefetch;anonymous-client-ip"), ..person }, VisitClass::Preview);
    check(Visit { purpose: Some("Prefetch"), ..person }, VisitClass::Preview);
    check(Visit { x_purpose: Some("preview"), ..person }, VisitClass::Preview);
    check(Visit { x_moz: Some("prefetch"), ..person }, VisitClass::Preview);
    check(Visit { purpose: Some(""), sec_purpose: Some("navigate"), ..person }, VisitClass::Person);
    check(Visit { is_head: true, ..person }, VisitClass::Head);
    check(Visit { is_head: true, sec_purpose: Some("prefetch"), ..person }, VisitClass::Head);
    check(Visit { is_head: true, ..Visit::default() }, VisitClass::Head);
}

#[test]
fn only_the_first_512_bytes_are_read_and_a_cut_never_splits_a_character() {
    let padded = format!("Mozilla/5.0 {}Googlebot", "x".repeat(500));
    let visit = Visit { user_agent: Some(&padded), ..Visit::default() };
    assert_eq!(visit.class(), VisitClass::Person);
    let wide = format!("{}é", "x".repeat(USER_AGENT_MAX_BYTES - 1));
    assert_eq!(bounded_lower(&wide).len(), USER_AGENT_MAX_BYTES - 1);
}

#[test]
fn each_word_is_the_same_in_json_and_in_counters() {
    for class in VisitClass::ALL {
        assert_eq!(serde_json::to_value(class).unwrap(), class.as_str());
    }
    for browser in Browser::ALL {
        assert_eq!(serde_json::from_value::<Browser>(browser.as_str().into()).unwrap(), *browser);
    }
    assert_eq!((DeviceKind::ALL.len(), Os::ALL.len()), (4, 6));
}
