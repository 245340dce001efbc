namespace OnnxFunctional.Layers;

/// <summary>The base of the recurrent layers: a step from one time to the next, its states, and which outputs are returned.</summary>
/// <remarks>
/// <para>
/// Input: (batch, time, ...). Output: the last step's, or all steps' with <see cref="ReturnSequences"/>. With <see cref="ReturnState"/> the last states follow.
/// </para>
/// <para>
/// A masked step keeps the states and repeats the previous output, zeros before the first unmasked step. As in Keras, a call with initial states ignores the
/// mask that travels with its input, though it passes it on: it is masked only by a mask given to the call.
/// </para>
/// <para>Keras: https://keras.io/api/layers/recurrent_layers/rnn/</para>
/// </remarks>
public abstract class RecurrentLayer : Layer
{
    // Each step is a dozen nodes; beyond this number, building the graph takes longer than running it.
    private const int MostWrittenSteps = 10_000;

    private protected RecurrentLayer(
        Regularizer? activityRegularizer,
        bool returnSequences,
        bool returnState,
        bool goBackwards,
        bool stateful,
        bool unroll,
        bool zeroOutputForMask,
        string? name)
        : base(name)
    {
        ReturnSequences = returnSequences;
        ReturnState = returnState;
        GoBackwards = goBackwards;
        Stateful = stateful;
        Unroll = unroll;
        ZeroOutputForMask = zeroOutputForMask;
        ActivityRegularizer = activityRegularizer;
    }

    /// <summary>Whether the outputs of all steps are returned instead of the last one's.</summary>
    public bool ReturnSequences { get; }

    /// <summary>Whether a call also returns the final states; see <see cref="CallWithState"/>.</summary>
    public bool ReturnState { get; }

    /// <summary>Whether the sequence is read backwards; the outputs stay in that order, the last time step first.</summary>
    public bool GoBackwards { get; private set; }

    /// <summary>
    /// Whether each batch starts from the final states of the previous one, in training, evaluation and prediction alike; needs a fixed batch size.
    /// </summary>
    /// <remarks>
    /// All uses of a model move the same states, as in Keras, so call <see cref="LayerBase.ResetState"/> before a new sequence. Files that resume training hold
    /// them. A layer that is called several times in a model goes on, in each call, from where the call made before it ended. An exported model starts each
    /// run from the states it was exported with: ONNX has no memory between runs.
    /// </remarks>
    public bool Stateful { get; }

    /// <summary>Whether Keras unrolls the loop; the results are the same.</summary>
    public bool Unroll { get; }

    /// <summary>Whether a masked step outputs zeros instead of the previous output.</summary>
    public bool ZeroOutputForMask { get; private set; }

    /// <summary>A penalty on the output.</summary>
    public Regularizer? ActivityRegularizer { get; }

    /// <summary>Calls the layer with initial states instead of zeros.</summary>
    /// <param name="x">(batch, time, ...).</param>
    /// <param name="initialState">One tensor per state, (batch, units): for an LSTM the hidden and the cell state.</param>
    /// <param name="mask">Which steps count, a bool tensor (batch, time), such as <c>Ops.NotEqual(ids, 0)</c>; all by default.</param>
    /// <exception cref="ModelException">The tensors do not fit.</exception>
    public SymbolicTensor Call(SymbolicTensor x, SymbolicTensors initialState, SymbolicTensor? mask = null)
    {
        ArgumentNullException.ThrowIfNull(x);
        return CallAll([x, .. initialState], new CallOptions { Mask = mask })[0];
    }

    /// <summary>Calls the layer and returns its output and the final states: <c>var (output, hidden, cell) = lstm.CallWithState(x)</c>.</summary>
    /// <param name="x">(batch, time, ...).</param>
    /// <param name="initialState">One tensor per state; zeros by default.</param>
    /// <param name="mask">Which steps count, a bool tensor (batch, time); by default the mask of <paramref name="x"/>, with initial states all.</param>
    /// <exception cref="ModelException">The tensors do not fit.</exception>
    public SymbolicTensors CallWithState(SymbolicTensor x, SymbolicTensors initialState = default, SymbolicTensor? mask = null)
    {
        ArgumentNullException.ThrowIfNull(x);
        return CallAll([x, .. initialState], new CallOptions { ReturnState = true, Mask = mask });
    }

    /// <summary>A layer of the same options that has not been called yet and has its own weights.</summary>
    internal RecurrentLayer Copy(string name, bool goBackwards, bool zeroOutputForMask)
    {
        var copy = (RecurrentLayer)CopyUncalled(name);
        copy.GoBackwards = goBackwards;
        copy.ZeroOutputForMask = zeroOutputForMask;
        return copy;
    }

    /// <inheritdoc/>
    protected sealed override SymbolicTensor Forward(SymbolicTensor x) => ForwardAll(x, CallOptions.None)[0];

    private protected sealed override SymbolicTensors ForwardAll(SymbolicTensors inputs, CallOptions options)
    {
        // Keras fills in the mask of a call's only tensor; initial states make the input one of several.
        var x = inputs.Count == 1 || options.Mask is not null ? inputs[0] : inputs[0].WithMask(null);
        CheckInput(x);
        if (x.Mask is { } mask && (mask.DType != DType.Bool || !mask.Shape.IsCompatibleWith(x.Shape.Slice(0, 2))))
            throw new ModelException($"takes a bool mask of shape {x.Shape.Slice(0, 2)}, but got {mask.Value.Spec}.");
        var stored = new List<(SymbolicTensor Weight, SymbolicTensor Before)>();
        SymbolicTensors states = [.. inputs.Skip(1)];
        var shapes = StateShapes(x);
        if (states.Count > 0 && states.Count != shapes.Count)
            throw new ModelException($"takes {shapes.Count} initial states ({string.Join(", ", shapes)}), but got {states.Count}.");
        for (var i = 0; i < states.Count; i++)
        {
            if (!states[i].Shape.IsCompatibleWith(shapes[i]))
                throw new ModelException(
                    $"takes an initial state {i} of shape {shapes[i]}, but got {states[i].Shape}. A Dense layer of {shapes[i][^1]} units converts it.");
        }

        if (Stateful)
        {
            if (x.Shape[0] is null) throw new ModelException($"stateful needs a fixed batch size, but got {x.Shape}. Write Model.Input(..., batchSize: 32).");
            stored.AddRange(shapes.Select((shape, i) => State(i == 0 ? "rnn_state" : "rnn_state_" + Check.Text(i), shape)));
            if (states.Count == 0) states = [.. stored.Select(state => state.Before)];
        }

        var results = Run(x, states, options.OwnTimes);
        for (var i = 0; i < stored.Count; i++) Update(stored[i].Weight, results[i + 1]);
        if (ActivityRegularizer is not null) AddLoss(ActivityRegularizer.PerSample(results[0]));
        return ReturnState || options.ReturnState ? results : results[0];
    }

    private protected override SymbolicTensor? OutputMask(SymbolicTensors inputs, SymbolicTensors outputs) => ReturnSequences ? inputs[0].Mask : null;

    private protected virtual void CheckInput(SymbolicTensor x) =>
        Check.Rank(x, 3, "(batch, time, features)", "A recurrent layer before this one needs returnSequences: true; a Reshape adds a missing axis.");

    /// <summary>The shape of each state for an input.</summary>
    private protected abstract IReadOnlyList<Shape> StateShapes(SymbolicTensor x);

    /// <summary>
    /// The output and the final states. An empty list of states means zeros; with <paramref name="ownTimes"/> the outputs are in order of time even if the
    /// sequence is read backwards.
    /// </summary>
    private protected abstract SymbolicTensors Run(SymbolicTensor x, SymbolicTensors states, bool ownTimes);

    /// <summary>The loop for what the recurrent operators cannot do: unrolled, or a <see cref="Operators.Scan"/> if the number of steps is unknown.</summary>
    /// <param name="x">(batch, time, ...), with its mask.</param>
    /// <param name="states">The initial states; none means zeros.</param>
    /// <param name="ownTimes">Whether the outputs are in order of time even if the sequence is read backwards.</param>
    /// <param name="why">What needs the loop, for messages.</param>
    /// <param name="step">Computes the output and the new states from one time step's input and the states.</param>
    private protected SymbolicTensors WrittenOut(
        SymbolicTensor x,
        SymbolicTensors states,
        bool ownTimes,
        string why,
        Func<SymbolicTensor, SymbolicTensors, (SymbolicTensor Output, SymbolicTensors States)> step)
    {
        if (x.Shape[1] is not { } steps) return Repeated(x, states, ownTimes, why, step);
        if (steps == 0) throw new ModelException($"there are no time steps in {x.Shape}.");
        if (steps > MostWrittenSteps)
            throw new ModelException($"{why} needs an unrolled loop, and {steps} steps are more than {MostWrittenSteps}. "
                + "Shorten the sequence, or choose activations that ONNX has.");
        var times = Ops.Split(x, IntList.Repeat(1, steps).Span, 1);
        var masks = x.Mask is null ? default : Ops.Split(x.Mask, IntList.Repeat(1, steps).Span, 1);
        var outputs = new SymbolicTensor[steps];
        SymbolicTensor? last = null;
        for (var i = 0; i < steps; i++)
        {
            var time = GoBackwards ? steps - 1 - i : i;
            var input = Ops.Squeeze(times[time], 1);
            if (states.Count == 0) states = [.. StateShapes(x).Select(shape => Zeros(input, shape))];
            var (result, next) = step(input, states);
            CheckNext(states, next);
            if (masks.Count > 0)
            {
                var shown = masks[time];
                result = Choose(shown, result, ZeroOutputForMask || last is null ? Ops.ZerosLike(result) : last);
                next = [.. next.Select((state, s) => Choose(shown, state, states[s]))];
            }

            outputs[ownTimes ? time : i] = result;
            last = result;
            states = next;
        }

        var all = ReturnSequences ? Ops.Concatenate([.. outputs.Select(result => Ops.ExpandDims(result, 1))], 1) : last!;
        return [all, .. states];
    }

    private static void CheckNext(SymbolicTensors before, SymbolicTensors next)
    {
        for (var i = 0; i < before.Count; i++)
        {
            if (next[i].DType == before[i].DType && next[i].Shape.IsCompatibleWith(before[i].Shape)) continue;
            throw new ModelException(
                $"its state {i} is {before[i].Value.Spec} before a step and {next[i].Value.Spec} after it; expected the same. "
                + "Choose an activation that keeps the size; glu halves it.");
        }
    }

    /// <summary>The loop over an unknown number of steps.</summary>
    private SymbolicTensors Repeated(
        SymbolicTensor x,
        SymbolicTensors states,
        bool ownTimes,
        string why,
        Func<SymbolicTensor, SymbolicTensors, (SymbolicTensor Output, SymbolicTensors States)> step)
    {
        // A sum over the first step, because a sequence without steps has none to take.
        var sample = Ops.Sum(Ops.Slice(x.WithMask(null), 1, 0, 1), 1);
        if (states.Count == 0) states = [.. StateShapes(x).Select(shape => Zeros(sample, shape))];
        var input = OpenLoop.Stand(sample.Value.Spec, x.Scope);
        SymbolicTensors before = [.. states.Select(state => OpenLoop.Stand(state.Value.Spec, x.Scope))];
        var (result, next) = step(input, before);
        if (!result.Shape.Slice(1, result.Rank - 1).IsKnown || result.DType != DType.Float32)
            throw new ModelException(UnknownSteps($"{why} to an output {result.Value.Spec}", x));
        CheckNext(before, next);
        var sequences = new List<(SymbolicTensor, SymbolicTensor)> { (x, input) };
        var holds = !ReturnSequences || (x.Mask is not null && !ZeroOutputForMask);
        var last = holds ? OpenLoop.Stand(result.Value.Spec, x.Scope) : null;
        if (x.Mask is not null)
        {
            var isShown = OpenLoop.Stand(new TensorSpec(sample.Shape.Slice(0, 1), DType.Bool), x.Scope);
            sequences.Add((x.Mask, isShown));
            var shown = Ops.ExpandDims(isShown, 1);
            result = Choose(shown, result, ZeroOutputForMask ? Ops.ZerosLike(result) : last!);
            next = [.. next.Select((state, i) => Choose(shown, state, before[i]))];
        }

        var carried = states.Select((state, i) => (state, before[i], next[i])).ToList();
        if (last is not null) carried.Add((Zeros(sample, result.Shape), last, result));
        SymbolicTensors loop;
        try
        {
            loop = OpenLoop.Of(carried, sequences, ReturnSequences ? [result] : [], GoBackwards, ownTimes);
        }
        catch (ModelException refused) when (!refused.NamesLayer)
        {
            throw new ModelException(UnknownSteps($"{why}: {refused.Message}", x), refused);
        }

        return [ReturnSequences ? loop[^1] : loop[states.Count], .. loop.Take(states.Count)];
    }

    /// <summary>Chooses by the mask of one time step, (batch, 1); a state may have more axes.</summary>
    private static SymbolicTensor Choose(SymbolicTensor shown, SymbolicTensor then, SymbolicTensor otherwise)
    {
        if (then.Rank > 2) shown = Ops.ExpandDims(shown, Axes.Create([.. Enumerable.Range(2, then.Rank - 2)]));
        return Ops.Where(shown, then, otherwise);
    }

    private protected static string UnknownSteps(string why, SymbolicTensor x) =>
        $"{why} needs a known number of time steps, but got {x.Shape}. Set the number of steps in Model.Input instead of null.";

    /// <summary>Zeros in the shape of a state, for as many samples as the input has.</summary>
    private protected static SymbolicTensor Zeros(SymbolicTensor input, Shape state)
    {
        // The sum of one column, because a sequence may have no steps.
        var samples = Ops.Sum(Ops.ZerosLike(Ops.Slice(Ops.Reshape(input, 0, -1), 1, 0, 1)), axis: 1, keepdims: true);
        var one = state.With(0, 1);
        return (state.Rank > 2 ? Ops.Reshape(samples, [0, .. Enumerable.Repeat(1, state.Rank - 1)]) : samples) + Ops.Filled(one, 0);
    }
}
