using System.Collections.Frozen;
using System.ComponentModel;
using OnnxFunctional.Operators;

namespace OnnxFunctional.Layers;

/// <summary>The base of Lstm, Gru and SimpleRnn: a kernel for the input, a recurrent kernel for the hidden state, a bias, dropout on both.</summary>
/// <remarks>
/// <para>
/// The whole sequence is one operator (ONNX's LSTM, GRU, RNN) if that operator has the activations; otherwise, and for recurrent dropout in training, the loop
/// is unrolled. Recurrent dropout needs a known number of steps; with other activations an unknown one becomes a Scan in files.
/// </para>
/// </remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class FusedRecurrentLayer : GatedRecurrentLayer
{
    private static readonly FrozenDictionary<string, GateActivation> s_known = new Dictionary<string, GateActivation>
    {
        ["linear"] = GateActivation.Linear,
        ["tanh"] = GateActivation.Tanh,
        ["sigmoid"] = GateActivation.Sigmoid,
        ["hard_sigmoid"] = GateActivation.HardSigmoid,
        ["relu"] = GateActivation.Relu,
        ["elu"] = GateActivation.Elu,
        ["selu"] = GateActivation.Selu,
        ["softplus"] = GateActivation.Softplus,
        ["softsign"] = GateActivation.Softsign,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private protected FusedRecurrentLayer(
        int units,
        Activation? activation,
        bool useBias,
        Initializer? kernelInitializer,
        Initializer? recurrentInitializer,
        Initializer? biasInitializer,
        Regularizer? kernelRegularizer,
        Regularizer? recurrentRegularizer,
        Regularizer? biasRegularizer,
        Regularizer? activityRegularizer,
        Constraint? kernelConstraint,
        Constraint? recurrentConstraint,
        Constraint? biasConstraint,
        double dropout,
        double recurrentDropout,
        int? seed,
        bool returnSequences,
        bool returnState,
        bool goBackwards,
        bool stateful,
        bool unroll,
        bool zeroOutputForMask,
        string? name)
        : base(
            useBias,
            kernelInitializer,
            recurrentInitializer,
            biasInitializer,
            kernelRegularizer,
            recurrentRegularizer,
            biasRegularizer,
            activityRegularizer,
            kernelConstraint,
            recurrentConstraint,
            biasConstraint,
            dropout,
            recurrentDropout,
            seed,
            returnSequences,
            returnState,
            goBackwards,
            stateful,
            unroll,
            zeroOutputForMask,
            name)
    {
        Units = Check.Positive(units, GetType().Name, nameof(units));
        Activation = activation ?? Activation.Tanh;
    }

    /// <summary>The size of the output and of each state.</summary>
    public int Units { get; }

    /// <summary>Activation of the new state.</summary>
    public Activation Activation { get; }

    /// <summary>Whether a bias is added.</summary>
    public bool UseBias => Options.UseBias;

    /// <summary>The name of the cell that holds the weights in Keras: <c>lstm_cell</c>.</summary>
    private protected string CellName => Naming.SnakeCase(ClassName) + "_cell";

    /// <summary>The number of gates in the kernels.</summary>
    private protected abstract int Gates { get; }

    /// <summary>The number of states.</summary>
    private protected virtual int States => 1;

    private protected sealed override IReadOnlyList<Shape> StateShapes(SymbolicTensor x) => [.. Enumerable.Repeat(Shape.Of(x.Shape.Dim(0), Units), States)];

    private protected sealed override SymbolicTensors Run(SymbolicTensor x, SymbolicTensors states, bool ownTimes)
    {
        var features = Check.Known(x, -1, "the number of features");
        var (kernel, recurrent, bias) = Options.Weights(
            this,
            CellName + "/",
            Shape.Of(features, Gates * Units),
            Shape.Of(Units, Gates * Units),
            BiasShape,
            StartsRemembering);
        var input = Options.WithInputDropout(x, Options.NewStream(), [1]).WithMask(x.Mask);
        var whole = KnowsActivations ? Whole(input, states, kernel, recurrent, bias, ownTimes) : [];
        if (KnowsActivations && RecurrentDropout == 0) return whole;

        var why = KnowsActivations ? "recurrentDropout" : $"{UnknownActivation}, which ONNX's recurrent operators do not have,";
        if (x.Shape[1] is null && RecurrentDropout > 0) throw new ModelException(UnknownSteps(why, x));

        // One stream for all steps draws the same numbers, so dropout is constant over time, as in Keras.
        var stream = Options.NewStream();
        var projected = Project(input, kernel, bias).WithMask(x.Mask);
        var steps = WrittenOut(
            projected,
            states,
            ownTimes,
            why,
            (time, before) => Step(time, before, Options.WithStateDropout(before[0], stream), recurrent, bias));
        return KnowsActivations ? steps.Zip(whole, Ops.WhenTraining).ToArray() : steps;
    }

    private protected virtual Shape BiasShape => Shape.Of(Gates * Units);

    /// <summary>Whether the forget gate's bias starts at one.</summary>
    private protected virtual bool StartsRemembering => false;

    /// <summary>All activations used, which decide between one operator and an unrolled loop.</summary>
    private protected abstract IReadOnlyList<Activation> Activations { get; }

    /// <summary>The operator over the whole sequence.</summary>
    private protected abstract RecurrentOp Operator(RecurrentOptions options);

    /// <summary>The input's contribution to all gates, for all time steps at once.</summary>
    private protected virtual SymbolicTensor Project(SymbolicTensor x, SymbolicTensor kernel, SymbolicTensor? bias)
    {
        var product = Ops.MatMul(x, kernel);
        return bias is null ? product : product + bias;
    }

    /// <summary>One step from the projected input and the states to the output and the new states.</summary>
    private protected abstract (SymbolicTensor Output, SymbolicTensors States) Step(
        SymbolicTensor projected,
        SymbolicTensors states,
        SymbolicTensor hidden,
        SymbolicTensor recurrent,
        SymbolicTensor? bias);

    private protected static GateActivation Gate(Activation activation) => s_known[activation.Name];

    private bool KnowsActivations => Activations.All(IsKnown);

    private string UnknownActivation => "The activation " + Activations.First(activation => !IsKnown(activation)).Name;

    private static bool IsKnown(Activation activation) =>
        s_known.ContainsKey(activation.Name) && ReferenceEquals(Activation.ByName.GetValueOrDefault(activation.Name), activation);

    private SymbolicTensors Whole(
        SymbolicTensor x,
        SymbolicTensors states,
        SymbolicTensor kernel,
        SymbolicTensor recurrent,
        SymbolicTensor? bias,
        bool ownTimes)
    {
        var options = new RecurrentOptions(GoBackwards, bias is not null, states.Count > 0, x.Mask is not null, ZeroOutputForMask && x.Mask is not null);
        List<SymbolicTensor> inputs = [x, kernel, recurrent];
        if (bias is not null) inputs.Add(bias);
        inputs.AddRange(states);
        if (x.Mask is not null) inputs.Add(x.Mask);
        var results = Ops.MakeAll(Operator(options), [.. inputs]);
        SymbolicTensor output;
        if (ReturnSequences)
            output = GoBackwards && !ownTimes ? Ops.Slice(results[0], 1, -1, step: -1) : results[0];
        else if (options.ZeroMaskedOutput)
            output = Ops.Squeeze(Ops.Slice(results[0], 1, GoBackwards ? 0 : -1, GoBackwards ? 1 : null), 1);
        else if (x.Mask is not null && states.Count > 0)
            output = Ops.Where(Ops.Any(x.Mask, 1, keepdims: true), results[1], 0);
        else
            output = results[1];
        return [output, .. results.Skip(1).Take(States)];
    }
}
