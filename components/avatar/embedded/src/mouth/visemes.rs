//! What the mouth does for each of the fifteen visemes, and how strongly it insists.

use crate::weights::Weights;
use tth_sdk::Viseme;

const REST: Weights = Weights::REST;

/// The fully formed mouth of a viseme.
pub(super) fn pose(shape: Viseme) -> Weights {
    match shape {
        Viseme::Sil => REST,
        Viseme::Pp => Weights {
            press: 0.65,
            roll_lower: 0.25,
            roll_upper: 0.2,
            close: 1.0,
            jaw: 0.04,
            ..REST
        },
        Viseme::Ff => Weights {
            roll_lower: 0.75,
            upper_up: 0.55,
            jaw: 0.07,
            ..REST
        },
        Viseme::Th => Weights {
            jaw: 0.24,
            tongue: 0.95,
            upper_up: 0.28,
            lower_down: 0.15,
            ..REST
        },
        Viseme::Dd => Weights {
            jaw: 0.20,
            tongue: 0.7,
            upper_up: 0.26,
            lower_down: 0.28,
            stretch: 0.1,
            ..REST
        },
        Viseme::Kk => Weights {
            jaw: 0.30,
            upper_up: 0.2,
            lower_down: 0.22,
            ..REST
        },
        Viseme::Ch => Weights {
            funnel: 0.65,
            pucker: 0.32,
            jaw: 0.10,
            upper_up: 0.3,
            lower_down: 0.3,
            lower_teeth: 0.4,
            ..REST
        },
        Viseme::Ss => Weights {
            stretch: 0.4,
            jaw: 0.05,
            upper_up: 0.35,
            lower_down: 0.42,
            lower_teeth: 0.6,
            ..REST
        },
        Viseme::Nn => Weights {
            jaw: 0.17,
            tongue: 0.6,
            upper_up: 0.2,
            lower_down: 0.2,
            ..REST
        },
        Viseme::Rr => Weights {
            funnel: 0.45,
            pucker: 0.35,
            jaw: 0.18,
            ..REST
        },
        Viseme::Aa => Weights {
            jaw: 0.86,
            upper_up: 0.25,
            lower_down: 0.25,
            ..REST
        },
        Viseme::E => Weights {
            jaw: 0.48,
            stretch: 0.45,
            upper_up: 0.3,
            lower_down: 0.28,
            ..REST
        },
        Viseme::Ih => Weights {
            jaw: 0.27,
            stretch: 0.5,
            upper_up: 0.3,
            lower_down: 0.28,
            smile: 0.1,
            ..REST
        },
        Viseme::Oh => Weights {
            jaw: 0.56,
            funnel: 0.75,
            pucker: 0.2,
            ..REST
        },
        Viseme::Ou => Weights {
            jaw: 0.20,
            pucker: 0.92,
            funnel: 0.38,
            ..REST
        },
    }
}

/// How strongly a viseme prevails over its neighbours: lip closures most, sounds made far back least.
pub(super) fn dominance(shape: Viseme) -> f64 {
    match shape {
        Viseme::Pp => 3.0,
        Viseme::Ff => 2.6,
        Viseme::Ou => 1.8,
        Viseme::Oh => 1.7,
        Viseme::Th | Viseme::Ch | Viseme::Aa => 1.6,
        Viseme::Ss | Viseme::E => 1.5,
        Viseme::Ih => 1.3,
        Viseme::Rr => 1.2,
        Viseme::Sil => 1.0,
        Viseme::Dd => 0.9,
        Viseme::Nn => 0.8,
        Viseme::Kk => 0.7,
    }
}
