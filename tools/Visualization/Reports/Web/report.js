'use strict';
(() => {
  const SVG = 'http://www.w3.org/2000/svg';
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId('data').textContent);

  // Names are text, never markup.
  const make = (parent, name, attributes = {}, text = null) => {
    const isSvg = name === 'svg' || parent.namespaceURI === SVG;
    const element = isSvg ? document.createElementNS(SVG, name) : document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (text !== null) element.textContent = text;
    parent.append(element);
    return element;
  };

  const shown = (value) => (Number.isFinite(value) ? String(Number(value.toPrecision(4))) : 'none');

  const table = (parent, caption, header, rows) => {
    const region = make(parent, 'div', { class: 'scroll', role: 'region', tabindex: '0', 'aria-label': caption });
    const result = make(region, 'table');
    make(result, 'caption', {}, caption);
    if (header) {
      const row = make(make(result, 'thead'), 'tr');
      header.forEach((text, i) => make(row, 'th', { scope: 'col', ...(i > 0 && { class: 'number' }) }, text));
    }
    const body = make(result, 'tbody');
    for (const cells of rows) {
      const row = make(body, 'tr');
      cells.forEach((text, i) => (i === 0 ? make(row, 'th', { scope: 'row' }, text) : make(row, 'td', header ? { class: 'number' } : {}, text)));
    }
  };

  // Light and dark.
  const theme = byId('theme');
  const isDark = () => (document.documentElement.dataset.theme ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')) === 'dark';
  theme.setAttribute('aria-pressed', String(isDark()));
  theme.addEventListener('click', () => {
    document.documentElement.dataset.theme = isDark() ? 'light' : 'dark';
    theme.setAttribute('aria-pressed', String(isDark()));
  });

  // The picture.
  const view = byId('view');
  if (view) {
    const svg = view.querySelector('svg');
    const [width, height] = [svg.width.baseVal.value, svg.height.baseVal.value];
    const boxes = [...svg.querySelectorAll('[data-path]')];
    const [panel, found, search] = [byId('layer'), byId('found'), byId('search')];
    const hint = found.textContent;
    const isNarrow = matchMedia('(max-width: 900px)');
    let zoom = 1;
    let hits = [];
    let current = -1;

    const setZoom = (value) => {
      const before = zoom;
      const middle = [view.scrollLeft + view.clientWidth / 2, view.scrollTop + view.clientHeight / 2];
      zoom = Math.min(4, Math.max(0.05, value));
      svg.style.width = `${width * zoom}px`;
      svg.style.height = `${height * zoom}px`;
      byId('zoom').textContent = `${Math.round(zoom * 100)} %`;
      view.scrollLeft = (middle[0] * zoom) / before - view.clientWidth / 2;
      view.scrollTop = (middle[1] * zoom) / before - view.clientHeight / 2;
    };
    const fitting = () => Math.min(1, (view.clientWidth - 10) / width);
    const larger = () => setZoom(zoom * 1.25);
    const smaller = () => setZoom(zoom / 1.25);
    const fit = () => setZoom(fitting());

    const centre = (box) => {
      const [inner, outer] = [box.getBoundingClientRect(), view.getBoundingClientRect()];
      view.scrollBy(
        inner.left + inner.width / 2 - outer.left - view.clientWidth / 2,
        inner.top + Math.min(inner.height, view.clientHeight) / 2 - outer.top - view.clientHeight / 2);
    };

    const select = (box, takesFocus) => {
      for (const other of boxes) other.setAttribute('aria-pressed', String(other === box));
      const layer = data.layers[box.dataset.path];
      panel.replaceChildren();
      make(panel, 'h3', {}, layer.title);
      table(panel, 'Layer', null, layer.rows);
      if (layer.statistics.length > 0) {
        const several = layer.statistics.length > 1;
        make(panel, 'h4', {}, 'Output for the given data');
        for (const [name, low, high, mean, deviation, zeros, bad] of layer.statistics) {
          if (several) make(panel, 'p', { class: 'note' }, name);
          table(panel, name, null, [
            ['Minimum', low], ['Maximum', high], ['Mean', mean], ['Standard deviation', deviation], ['Zeros', zeros], ['Not finite', bad],
          ]);
        }
      }
      if (layer.config.length > 0) {
        make(panel, 'h4', {}, 'Configuration');
        table(panel, 'Configuration', null, layer.config);
      }
      if (layer.problem) make(panel, 'p', { class: 'missing' }, `The configuration cannot be shown. ${layer.problem}`);
      panel.scrollTop = 0;
      if (takesFocus) panel.focus();
      else found.textContent = `Selected: ${layer.title}.${isNarrow.matches ? ' Its numbers are below the picture.' : ''}`;
    };

    const selected = () => boxes.find((box) => box.getAttribute('aria-pressed') === 'true');
    for (const box of boxes) {
      box.addEventListener('click', () => select(box, false));
      box.addEventListener('keydown', (event) => {
        if (event.key !== 'Enter' && event.key !== ' ') return;
        event.preventDefault();
        select(box, true);
      });
      box.addEventListener('focus', () => box.matches(':focus-visible') && centre(box));
    }
    panel.addEventListener('keydown', (event) => event.key === 'Escape' && selected()?.focus());

    const showHit = (step) => {
      if (hits.length === 0) return;
      current = (current + step + hits.length) % hits.length;
      for (const box of boxes) box.classList.toggle('current', box === hits[current]);
      select(hits[current], false);
      centre(hits[current]);
      found.textContent = `${current + 1} of ${hits.length}: ${data.layers[hits[current].dataset.path].title}.`;
    };
    const find = () => {
      const wanted = search.value.trim().toLowerCase();
      hits = wanted === '' ? [] : boxes.filter((box) => data.layers[box.dataset.path].title.toLowerCase().includes(wanted));
      current = -1;
      for (const box of boxes) {
        box.classList.remove('current');
        box.classList.toggle('hit', hits.includes(box));
        const isAround = hits.some((hit) => hit.dataset.path.startsWith(`${box.dataset.path}/`));
        box.classList.toggle('dim', wanted !== '' && !isAround && !hits.includes(box));
      }
      found.textContent = wanted === '' ? hint
        : hits.length === 0 ? `No layer has '${search.value.trim()}' in its name or class.`
          : `${hits.length} of ${boxes.length} layers have '${search.value.trim()}' in their name or class. Enter goes to the next.`;
      if (hits.length > 0) centre(hits[0]);
    };
    search.addEventListener('input', find);
    search.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') {
        event.preventDefault();
        showHit(event.shiftKey ? -1 : 1);
      } else if (event.key === 'Escape') {
        search.value = '';
        find();
      }
    });

    byId('zoom-in').addEventListener('click', larger);
    byId('zoom-out').addEventListener('click', smaller);
    byId('zoom-fit').addEventListener('click', fit);
    view.addEventListener('keydown', (event) => {
      const action = event.ctrlKey || event.metaKey || event.altKey ? null : { '+': larger, '=': larger, '-': smaller, 0: fit }[event.key];
      if (!action) return;
      event.preventDefault();
      action();
    });
    view.addEventListener('wheel', (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      setZoom(zoom * Math.exp(-event.deltaY / 400));
    }, { passive: false });

    // As large as fits, but never so small that it cannot be read; from the first layer.
    setZoom(Math.max(0.6, fitting()));
    centre(svg.querySelector('.box'));
    view.scrollTop = 0;
  }

  // Charts.
  const [WIDE, HIGH, RIGHT, TOP, BOTTOM] = [360, 220, 10, 10, 34];

  const extremes = (values) => [values.reduce((a, b) => Math.min(a, b), Infinity), values.reduce((a, b) => Math.max(a, b), -Infinity)];

  const range = (values) => {
    const finite = values.filter(Number.isFinite);
    const [low, high] = finite.length === 0 ? [0, 1] : extremes(finite);
    const around = low === high ? Math.abs(low) / 10 || 1 : 0;
    return [low - around, high + around];
  };

  const ticks = ([low, high], count, isWhole) => {
    const raw = (high - low) / count;
    const power = 10 ** Math.floor(Math.log10(raw));
    const step = Math.max([1, 2, 5, 10].find((factor) => factor * power >= raw * 0.999) * power, isWhole ? 1 : 0);
    const result = [];
    for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) result.push(Number((i * step).toPrecision(12)));
    return result;
  };

  // Axes with room for points; returns the svg and the places of values.
  const axes = (figure, label, xs, ys, xLabel, yLabel, isWhole) => {
    const svg = make(figure, 'svg', { viewBox: `0 0 ${WIDE} ${HIGH}`, role: 'img', 'aria-label': label });
    const y = (value) => HIGH - BOTTOM - ((HIGH - TOP - BOTTOM) * (value - ys[0])) / (ys[1] - ys[0]);
    const marks = ticks(ys, 4, false).map((tick) => [y(tick), make(svg, 'text', { y: y(tick) + 4, 'text-anchor': 'end' }, shown(tick))]);

    // As much room at the left as the numbers take, however long they are.
    const left = (yLabel ? 24 : 6) + Math.max(20, ...marks.map(([, text]) => text.getComputedTextLength())) + 6;
    const x = (value) => left + ((WIDE - left - RIGHT) * (value - xs[0])) / (xs[1] - xs[0]);
    for (const [height, text] of marks) {
      text.setAttribute('x', left - 6);
      svg.prepend(make(svg, 'path', { class: 'axis', d: `M${left} ${height}H${WIDE - RIGHT}` }));
    }
    let free = 0;
    for (const tick of ticks(xs, 5, isWhole)) {
      const text = make(svg, 'text', { y: HIGH - BOTTOM + 15, 'text-anchor': 'middle' }, shown(tick));
      const half = text.getComputedTextLength() / 2;
      const at = Math.min(Math.max(x(tick), half), WIDE - half);
      text.setAttribute('x', at);

      // A number without room is left out, not laid over another.
      if (at - half < free) text.remove();
      else free = at + half + 6;
    }
    make(svg, 'text', { x: (left + WIDE - RIGHT) / 2, y: HIGH - 4, 'text-anchor': 'middle' }, xLabel);
    const middle = (HIGH - BOTTOM + TOP) / 2;
    if (yLabel) make(svg, 'text', { x: 12, y: middle, 'text-anchor': 'middle', transform: `rotate(-90 12 ${middle})` }, yLabel);
    return { svg, x, y };
  };

  // Lines over whole numbers; each series is { name, points: [[x, y]] }.
  const lineChart = (parent, title, xLabel, series) => {
    const figure = make(parent, 'figure');
    const caption = make(figure, 'figcaption');
    const rest = () => {
      caption.replaceChildren();
      series.forEach((line, i) => {
        const entry = make(caption, 'span');
        const key = make(entry, 'svg', { width: 26, height: 10, 'aria-hidden': 'true', style: 'display:inline;width:26px;vertical-align:middle' });
        make(key, 'path', { class: `curve s${i}`, d: 'M1 5H25' });
        entry.append(` ${line.name}`);
      });
    };
    rest();
    const all = series.flatMap((line) => line.points);
    const words = series.map((line) => {
      const values = line.points.map(([, y]) => y).filter(Number.isFinite);
      const [least, greatest] = extremes(values);
      return values.length === 0 ? `${line.name} has no finite value`
        : `${line.name} from ${shown(values[0])} to ${shown(values[values.length - 1])}, least ${shown(least)}, greatest ${shown(greatest)}`;
    });
    const label = `${title} over ${xLabel}: ${words.join('; ')}.`;
    const { svg, x, y } = axes(figure, label, range(all.map(([a]) => a)), range(all.map(([, b]) => b)), xLabel, null, true);
    series.forEach((line, i) => {
      let path = '';
      let isDrawing = false;
      for (const [a, b] of line.points) {
        // A line to its own start is a dot, for a point without neighbours.
        if (Number.isFinite(b)) path += `${isDrawing ? 'L' : 'M'}${x(a).toFixed(2)} ${y(b).toFixed(2)}${isDrawing ? '' : 'h0'}`;
        isDrawing = Number.isFinite(b);
      }
      make(svg, 'path', { class: `curve s${i}`, d: path });
    });
    const cursor = make(svg, 'path', { class: 'cursor', d: '' });
    svg.addEventListener('pointermove', (event) => {
      const box = svg.getBoundingClientRect();
      const at = ((event.clientX - box.left) / box.width) * WIDE;
      const places = [...new Set(all.map(([a]) => a))];
      const nearest = places.reduce((a, b) => (Math.abs(x(b) - at) < Math.abs(x(a) - at) ? b : a));
      cursor.setAttribute('d', `M${x(nearest)} ${TOP}V${HIGH - BOTTOM}`);
      caption.textContent = `${xLabel} ${nearest}: ` + series.map((line) => {
        const point = line.points.find(([a]) => a === nearest);
        return `${line.name} ${point ? shown(point[1]) : 'none'}`;
      }).join(', ');
    });
    svg.addEventListener('pointerleave', () => {
      cursor.setAttribute('d', '');
      rest();
    });
  };

  // The table of a long training is large, so it is made when it is opened.
  const [numbers, holder] = [byId('curve-numbers'), byId('curve-table')];
  let drawTable = () => {};
  numbers.addEventListener('toggle', () => {
    holder.replaceChildren();
    if (numbers.open) drawTable();
  });

  // A chart for each loss and metric, with that of the validation data in it.
  const drawCurves = (epochs) => {
    const names = [...new Set(epochs.flatMap((epoch) => Object.keys(epoch.logs)))];
    const charts = byId('curve-charts');
    charts.replaceChildren();
    for (const name of names) {
      if (name.startsWith('val_') && names.includes(name.slice(4))) continue;
      const lines = names.includes(`val_${name}`) ? [name, `val_${name}`] : [name];
      lineChart(charts, name, 'epoch', lines.map((line) => ({
        name: line,
        points: epochs.filter((epoch) => line in epoch.logs).map((epoch) => [epoch.epoch, epoch.logs[line] ?? NaN]),
      })));
    }
    drawTable = () => table(holder, 'Losses and metrics of each epoch', ['Epoch', ...names], epochs.map((epoch) => [
      String(epoch.epoch), ...names.map((name) => (name in epoch.logs ? shown(epoch.logs[name] ?? NaN) : '')),
    ]));
    numbers.hidden = epochs.length === 0;
    holder.replaceChildren();
    if (numbers.open) drawTable();
  };
  drawCurves(data.epochs);

  // Predictions over true values, and their differences.
  const scatter = (parent, label, xLabel, yLabel, xValues, yValues, ideal) => {
    const figure = make(parent, 'figure');
    const caption = make(figure, 'figcaption');
    caption.textContent = label;
    const [xs, ys] = ideal === 'same' ? [range([...xValues, ...yValues]), range([...xValues, ...yValues])] : [range(xValues), range([...yValues, 0])];
    const words = `${label}, ${xValues.length} points; ${xLabel} from ${extremes(xValues).map(shown).join(' to ')}, `
      + `${yLabel} from ${extremes(yValues).map(shown).join(' to ')}.`;
    const { svg, x, y } = axes(figure, words, xs, ys, xLabel, yLabel, false);
    const line = ideal === 'same' ? `M${x(xs[0])} ${y(xs[0])}L${x(xs[1])} ${y(xs[1])}` : `M${x(xs[0])} ${y(0)}H${x(xs[1])}`;
    make(svg, 'path', { class: 'ideal', d: line });
    xValues.forEach((value, i) => {
      if (!Number.isFinite(value) || !Number.isFinite(yValues[i])) return;
      make(svg, 'circle', { class: 'dot', cx: x(value).toFixed(2), cy: y(yValues[i]).toFixed(2), r: 2.5 });
    });
  };
  for (const holder of document.querySelectorAll('[data-numbers]')) {
    const { name, truth, predicted } = data.numbers[Number(holder.dataset.numbers)];
    const [t, p] = [truth.map((value) => value ?? NaN), predicted.map((value) => value ?? NaN)];
    scatter(holder, `${name}: predictions over true values`, 'true value', 'prediction', t, p, 'same');
    scatter(holder, `${name}: differences over predictions`, 'prediction', 'difference', p, p.map((value, i) => value - t[i]), 'zero');
  }

  // The training that is under way.
  if (data.live) {
    const MOST_STEPS = 400;
    const [status, step] = [byId('status'), byId('step')];
    const source = new EventSource('events');
    let epochs = [];
    let steps = [];
    let isPlanned = false;

    // Once per picture of the screen, however many events a late client gets at once.
    const draw = () => {
      isPlanned = false;
      drawCurves(epochs);
      byId('steps').replaceChildren();
      if (steps.length > 0) lineChart(byId('steps'), 'loss of steps', 'step', [{ name: 'loss of steps since this page was opened', points: steps }]);
    };
    const plan = () => {
      if (!isPlanned) requestAnimationFrame(draw);
      isPlanned = true;
    };
    const on = (name, action) => source.addEventListener(name, (event) => action(JSON.parse(event.data)));
    const end = (text, style) => {
      source.close();
      step.textContent = '';
      status.textContent = text;
      status.className = style;
    };
    // A server that was lost and found tells all from the start.
    on('begin', () => {
      [epochs, steps] = [[], []];
      plan();
      status.textContent = 'The first epoch is running.';
    });
    on('epoch', (epoch) => {
      epochs.push(epoch);
      plan();
      const values = Object.entries(epoch.logs).map(([name, value]) => `${name} ${shown(value ?? NaN)}`);
      status.textContent = `Epoch ${epoch.epoch} is done: ${values.join(', ')}.`;
    });
    on('step', ({ epoch, batch, steps: made, loss }) => {
      step.textContent = `Epoch ${epoch}, step ${batch}: loss ${shown(loss ?? NaN)}`;
      steps.push([made, loss ?? NaN]);
      if (steps.length > MOST_STEPS) steps = steps.filter((_, i) => i % 2 === 0);
      plan();
    });
    on('done', () => end('Training has ended. This page is complete and needs no connection any more.', 'good'));
    on('failed', ({ message }) => end(`Training has failed: ${message}`, 'bad'));
    source.onerror = () => {
      status.textContent = 'The connection is lost. Trying again.';
    };
  }
})();
