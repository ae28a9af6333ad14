//! The order of a model's layers in Keras, which numbers them in files by it (`keras.src.ops.function.map_graph`).

use std::collections::HashMap;

use super::{Frame, Maker};

/// A use of a layer: the layer, and which use of it.
type Use = (usize, usize);

/// The walk from the outputs to the inputs.
#[derive(Default)]
struct Walk {
    /// Layers in the order in which they are come upon.
    met: Vec<usize>,
    /// Uses, each behind those that it depends on.
    done: Vec<Use>,
}

impl Frame {
    /// Its layers, as far as an output depends on them: those that are farthest from the outputs first.
    pub(super) fn order(&self, outputs: &[Maker]) -> Vec<usize> {
        let mut walk = Walk::default();
        outputs.iter().for_each(|output| self.visit(*output, &mut walk));
        let (mut of_uses, mut of_layers): (HashMap<Use, usize>, HashMap<usize, usize>) = Default::default();
        for at in walk.done.iter().rev() {
            let own = of_uses.get(at).copied().unwrap_or(0);
            let depth = own.max(of_layers.get(&at.0).copied().unwrap_or(0));
            of_layers.insert(at.0, depth);
            of_uses.insert(*at, depth);
            for parent in &self.layers[at.0].nodes[at.1].parents {
                let known = of_uses.entry((parent.layer, parent.node)).or_default();
                *known = (*known).max(depth + 1);
            }
        }
        let mut order = walk.met;
        order.sort_by_key(|layer| std::cmp::Reverse(of_layers[layer]));
        order
    }

    fn visit(&self, Maker { layer, node, .. }: Maker, walk: &mut Walk) {
        if walk.done.contains(&(layer, node)) {
            return;
        }
        if !walk.met.contains(&layer) {
            walk.met.push(layer);
        }
        self.layers[layer].nodes[node].parents.iter().for_each(|parent| self.visit(*parent, walk));
        walk.done.push((layer, node));
    }
}
