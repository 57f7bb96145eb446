//! The guard of contrast. A vendor chooses a colour; what the pages show of it can be read on each of their surfaces, and has the
//! colour's hue. Its lightness moves in OKLCH until it does. Colours of states are not the vendor's to choose.

use distr_domain::colour::Colour;
use palette::color_difference::Wcag21RelativeContrast;
use palette::{FromColor, Oklch, Srgb};

/// Of words, WCAG 2.2 AA.
const TEXT_CONTRAST: f32 = 4.5;
/// Of controls against what is around them, WCAG 2.2 AA.
const CONTROL_CONTRAST: f32 = 3.0;

/// The portal's own, for a theme that has none of the vendor's.
const OWN: [&str; 2] = ["#1f5fbf", "#7fb0ff"];
/// What things stand on: `--bg`, `--panel`, `--raised` and `--hover` of `portal/src/tokens.css`.
const LIGHT: [&str; 4] = ["#ffffff", "#f6f7f9", "#ffffff", "#eef1f4"];
const DARK: [&str; 4] = ["#0f1318", "#171c23", "#1d232c", "#202732"];
/// Words on a filled control, the first that can be read.
const ON_FILL: [&str; 3] = ["#ffffff", "#0b1526", "#000000"];
/// How far lightness moves at a time, of 1.
const STEP: f32 = 0.005;

/// What a chosen colour becomes in one theme.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Accent {
    /// of links and of what is chosen
    pub text: Colour,
    /// the lowest that it has on any surface
    pub text_contrast: f32,
    /// of filled controls
    pub fill: Colour,
    pub fill_contrast: f32,
    /// of words on a filled control
    pub on: Colour,
    pub on_contrast: f32,
    /// behind what is chosen
    pub soft: Colour,
    /// whether text or fill is another colour than the one that was chosen
    pub is_moved: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Accents {
    pub light: Accent,
    pub dark: Accent,
}

#[derive(Debug, Clone, Copy)]
struct Theme {
    surfaces: [&'static str; 4],
    /// towards more contrast
    step: f32,
    /// lightness and greatest chroma of the soft one
    soft: (f32, f32),
}

const THEMES: [Theme; 2] = [
    Theme { surfaces: LIGHT, step: -STEP, soft: (0.95, 0.025) },
    Theme { surfaces: DARK, step: STEP, soft: (0.28, 0.05) },
];

impl Accents {
    /// Of the vendor's accent, and of its other one for dark pages. Nothing chosen is as the portal has it.
    pub fn of(accent: Option<Colour>, dark: Option<Colour>) -> Self {
        let [own_light, own_dark] = OWN.map(colour);
        let [light, on_dark] = THEMES;
        let dark = dark.or(accent).unwrap_or(own_dark);
        Self { light: Accent::of(accent.unwrap_or(own_light), light), dark: Accent::of(dark, on_dark) }
    }

    /// The custom properties that the pages' stylesheets look at: those of dark pages where the system or the page says dark.
    pub fn stylesheet(&self) -> String {
        let (light, dark) = (self.light.properties(), self.dark.properties());
        format!(
            ":root {{\n{light}}}\n\
             @media (prefers-color-scheme: dark) {{\n:root:not([data-theme=\"light\"]) {{\n{dark}}}\n}}\n\
             :root[data-theme=\"dark\"] {{\n{dark}}}\n"
        )
    }
}

impl Accent {
    fn of(chosen: Colour, theme: Theme) -> Self {
        let soft = soft(chosen, theme);
        let controls = theme.surfaces.map(colour);
        let words: Vec<Colour> = controls.into_iter().chain([soft]).collect();
        let text = moved(chosen, &words, TEXT_CONTRAST, theme.step);
        let fill = moved(chosen, &controls, CONTROL_CONTRAST, theme.step);
        let mut on = ON_FILL.map(colour).into_iter();
        let black = colour(ON_FILL[2]);
        let on = on.find(|on| contrast(*on, fill) >= TEXT_CONTRAST).unwrap_or(black);
        Self {
            text,
            text_contrast: lowest(text, &words),
            fill,
            fill_contrast: lowest(fill, &controls),
            on,
            on_contrast: contrast(on, fill),
            soft,
            is_moved: text != chosen || fill != chosen,
        }
    }

    fn properties(&self) -> String {
        let lines =
            [("accent", self.text), ("accent-fill", self.fill), ("on-accent", self.on), ("accent-soft", self.soft)];
        lines.map(|(name, colour)| format!("  --{name}: {colour};\n")).concat()
    }
}

/// The first colour from here on that has the contrast on every surface; black and white have it.
fn moved(chosen: Colour, surfaces: &[Colour], least: f32, step: f32) -> Colour {
    let start = oklch(chosen);
    let lightness = (0..=(1.0 / STEP) as u16).map(|steps| start.l + f32::from(steps) * step);
    let mut colours =
        lightness.map(|l| if l == start.l { chosen } else { in_gamut(Oklch { l: l.clamp(0.0, 1.0), ..start }) });
    colours.find(|colour| lowest(*colour, surfaces) >= least).unwrap_or(chosen)
}

fn soft(chosen: Colour, theme: Theme) -> Colour {
    let (l, chroma) = theme.soft;
    let start = oklch(chosen);
    in_gamut(Oklch { l, chroma: start.chroma.min(chroma), ..start })
}

fn lowest(colour: Colour, surfaces: &[Colour]) -> f32 {
    surfaces.iter().map(|surface| contrast(colour, *surface)).fold(f32::INFINITY, f32::min)
}

/// Of what is shown, which has whole steps of each colour.
fn contrast(one: Colour, other: Colour) -> f32 {
    srgb(one).relative_contrast(srgb(other))
}

/// With as much of the chroma as a screen can show at this lightness.
fn in_gamut(colour: Oklch) -> Colour {
    let mut colour = colour;
    for _ in 0..100 {
        let Srgb { red, green, blue, .. } = Srgb::from_color(colour);
        if [red, green, blue].into_iter().all(|part| (-0.001..=1.001).contains(&part)) {
            break;
        }
        colour.chroma *= 0.95;
    }
    let Srgb { red, green, blue, .. } = Srgb::from_color(colour);
    let [red, green, blue] = [red, green, blue].map(|part| (part.clamp(0.0, 1.0) * 255.0).round() as u8);
    Colour { red, green, blue }
}

fn oklch(colour: Colour) -> Oklch {
    Oklch::from_color(srgb(colour))
}

fn srgb(Colour { red, green, blue }: Colour) -> Srgb<f32> {
    Srgb::new(red, green, blue).into_format()
}

/// Of the constants above.
fn colour(text: &str) -> Colour {
    text.parse().unwrap_or(Colour { red: 0, green: 0, blue: 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(accent: Accent, named: &str) {
        assert!(accent.text_contrast >= TEXT_CONTRAST, "{named}: {accent:?}");
        assert!(accent.fill_contrast >= CONTROL_CONTRAST, "{named}: {accent:?}");
        assert!(accent.on_contrast >= TEXT_CONTRAST, "{named}: {accent:?}");
    }

    #[test]
    fn whatever_is_chosen_can_be_read_in_both_themes() {
        for red in (0..=255).step_by(15) {
            for green in (0..=255).step_by(15) {
                for blue in (0..=255).step_by(15) {
                    let chosen = Colour { red, green, blue };
                    let Accents { light, dark } = Accents::of(Some(chosen), None);
                    check(light, &format!("{chosen} on light"));
                    check(dark, &format!("{chosen} on dark"));
                }
            }
        }
    }

    #[test]
    fn a_colour_that_can_be_read_stays() {
        let Accents { light, dark } = Accents::of(None, None);
        for (accent, own) in [(light, OWN[0]), (dark, OWN[1])] {
            assert_eq!((accent.text, accent.fill, accent.is_moved), (colour(own), colour(own), false));
        }
        let teal = colour("#0b7a75");
        let light = Accents::of(Some(teal), None).light;
        assert_eq!((light.text, light.fill, light.on), (teal, teal, colour("#ffffff")));
    }

    #[test]
    fn yellow_stays_yellow_on_dark_and_becomes_dark_on_light() {
        let yellow = colour("#ffff00");
        let Accents { light, dark } = Accents::of(Some(yellow), None);
        assert!(light.is_moved && !dark.is_moved);
        assert_eq!((dark.text, dark.on), (yellow, colour("#0b1526")));
        let hues = [oklch(light.text), oklch(yellow)].map(|of| of.hue.into_positive_degrees());
        assert!((hues[0] - hues[1]).abs() < 6.0, "{hues:?}");
    }

    #[test]
    fn dark_pages_may_have_an_accent_of_their_own() {
        let [blue, pink] = ["#1f3fbf", "#ffb0d0"].map(colour);
        let accents = Accents::of(Some(blue), Some(pink));
        assert_eq!((accents.light.text, accents.dark.text), (blue, pink));
        assert_eq!(Accents::of(None, Some(pink)).light, Accents::of(None, None).light);
    }

    #[test]
    fn the_surfaces_are_those_of_the_stylesheet() {
        let tokens = include_str!("../../../portal/src/tokens.css");
        let names = ["--bg", "--panel", "--raised", "--hover"];
        for ((name, light), dark) in names.into_iter().zip(LIGHT).zip(DARK) {
            let line = format!("{name}: light-dark({light}, {dark});");
            assert!(tokens.contains(&line), "tokens.css does not say {line}");
        }
        let line = format!("--accent: light-dark({}, {});", OWN[0], OWN[1]);
        assert!(tokens.contains(&line), "tokens.css does not say {line}");
    }

    #[test]
    fn the_stylesheet_holds_colours_and_nothing_else() {
        let css = Accents::of(Some(colour("#0b7a75")), None).stylesheet();
        assert!(css.starts_with(":root {\n  --accent: #0b7a75;\n"), "{css}");
        assert_eq!(css.matches("--accent: #").count(), 3);
        assert_eq!(css.matches('#').count(), 12);
    }
}
