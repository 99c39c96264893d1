"use strict";

// What scopes unlock, and which are the least that tools need. Scopes and tools are places in the lists of `data`: a
// scope has `covers`, itself and all that it implies, and `writes`; a tool has `clauses`, and needs one scope of each.

const Scopes = {
  // The set of all that the scopes of a set allow.
  widened(data, held) {
    return new Set([...held].flatMap((scope) => data.scopes[scope].covers));
  },

  // Whether the scopes of a set unlock a tool.
  unlocks(data, held, tool) {
    const wide = Scopes.widened(data, held);
    return data.tools[tool].clauses.every((clause) => clause.some((scope) => wide.has(scope)));
  },

  // The least scopes that unlock all of some tools, beside those that are held already: fewest that write, then
  // fewest in all that is allowed, then those that are named first. A scope that another one covers is left out.
  least(data, tools, held) {
    const all = [...tools].flatMap((tool) => data.tools[tool].clauses);
    // A clause with one alternative leaves nothing to choose, and what it needs may meet others.
    const clauses = all.sort((a, b) => a.length - b.length);
    let best = null;
    // Choices multiply; where there are more than anybody declares, the best of the first so many is taken.
    let budget = 20_000;
    const cost = (wide) => {
      const writing = [...wide].filter((scope) => data.scopes[scope].writes).length;
      return writing * data.scopes.length + wide.size;
    };
    const choose = (chosen, wide) => {
      budget -= 1;
      if (best && (budget < 0 || cost(wide) >= best.cost)) {
        return;
      }
      const open = clauses.find((clause) => !clause.some((scope) => wide.has(scope)));
      if (!open) {
        best = { chosen, cost: cost(wide) };
        return;
      }
      for (const scope of open) {
        choose([...chosen, scope], new Set([...wide, ...data.scopes[scope].covers]));
      }
    };
    choose([], Scopes.widened(data, held));
    const covers = (other, scope) => other !== scope && data.scopes[other].covers.includes(scope);
    return new Set(best.chosen.filter((scope) => !best.chosen.some((other) => covers(other, scope))));
  },
};
