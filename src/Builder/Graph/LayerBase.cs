using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Numerics.Tensors;

namespace OnnxFunctional;

/// <summary>
/// The base of all layers and models: a name, weights, and the calls made so far. Custom layers derive from <see cref="Layer"/> or
/// <see cref="MergeLayer"/>, or with several outputs from <see cref="MultiOutputLayer"/>.
/// </summary>
[DebuggerDisplay("{Name,nq} ({GetType().Name,nq})")]
[DynamicallyAccessedMembers(ConfigurationMembers.Kept)]
public abstract partial class LayerBase
{
    private List<Weight> _weights = [];
    private List<LayerBase> _children = [];
    private List<LayerCall> _calls = [];
    private NameSet _taken = new();
    private Dictionary<LayerBase, string> _childNames = [];
    private LayerCall? _current;
    private string? _automaticName;

    private protected LayerBase(string? name) => GivenName = Naming.Checked(name);

    /// <summary>The name given by the user, otherwise the one the first model assigned, otherwise the class name in Keras' snake case.</summary>
    public string Name => GivenName ?? _automaticName ?? Naming.SnakeCase(ClassName);

    /// <summary>
    /// Whether training updates the weights; a frozen BatchNormalization also uses its moving statistics. Setting it also sets it for inner layers, as in
    /// Keras. It takes effect when a model is compiled.
    /// </summary>
    public virtual bool Trainable
    {
        get;
        set
        {
            field = value;
            foreach (var child in Children) child.Trainable = value;
        }
    } = true;

    /// <summary>The layer's own weights in Keras' order, then those of its inner layers.</summary>
    public IReadOnlyList<Weight> Weights => [.. NamedWeights().Select(named => named.Weight)];

    /// <summary>The weights that gradients update: those that are trainable themselves, of layers that are not frozen.</summary>
    public IReadOnlyList<Weight> TrainableWeights => WeightsThat(train: true);

    /// <summary>The other weights: moving statistics, and all weights of frozen layers.</summary>
    public IReadOnlyList<Weight> NonTrainableWeights => WeightsThat(train: false);

    /// <summary>The number of elements of all weights.</summary>
    public long CountParams() => Weights.Distinct().Sum(weight => (long)weight.Length);

    /// <summary>Copies of the values of <see cref="Weights"/>, in their order.</summary>
    public IReadOnlyList<Tensor<float>> GetWeights() => [.. Weights.Select(weight => weight.Value)];

    /// <summary>Sets the values of <see cref="Weights"/>, in their order; all of them or, if one does not fit, none.</summary>
    /// <param name="values">As many tensors as there are weights, each in the shape of its weight.</param>
    /// <exception cref="ModelException">Number or shapes differ; the message names the first weight that does not fit.</exception>
    /// <example><code>student.SetWeights(teacher.GetWeights());</code></example>
    public void SetWeights(IReadOnlyList<Tensor<float>> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        var weights = Weights;
        if (values.Count != weights.Count)
            throw new ModelException($"{ClassName} '{Name}' has {weights.Count} weights ({string.Join(", ", weights)}), but got {values.Count} tensors.");
        foreach (var (weight, value) in weights.Zip(values)) weight.CheckFits(value);
        foreach (var (weight, value) in weights.Zip(values)) weight.Value = value;
    }

    /// <summary>
    /// Sets the states of this layer, and of all layers inside it, to zeros: the next batch of a stateful recurrent layer starts a new sequence. Others stay as
    /// they are.
    /// </summary>
    public void ResetState()
    {
        foreach (var weight in Weights.Where(weight => weight.IsState)) weight.Overwritten().Clear();
    }

    /// <summary>The tensor the layer was called on.</summary>
    /// <exception cref="ModelException">The layer was not called, was called more than once, or has several inputs.</exception>
    public virtual SymbolicTensor Input => Single(OnlyCall().Inputs, "input");

    /// <summary>The tensor the layer returned.</summary>
    /// <exception cref="ModelException">The layer was not called, was called more than once, or has several outputs.</exception>
    public virtual SymbolicTensor Output => Single(OnlyCall().Outputs, "output");

    /// <summary>Keras' name of the class, for files and automatic names.</summary>
    internal virtual string ClassName => GetType().Name;

    internal string? GivenName { get; private set; }

    /// <summary>The name given by the user or an earlier model; null if there is none yet.</summary>
    internal string? SettledName => GivenName ?? _automaticName;

    internal IReadOnlyList<LayerCall> Calls => _calls;

    /// <summary>
    /// Whether calls of inner layers are left out of their <see cref="Calls"/>: calls that a model makes are not the user's, and the output of a layer stays
    /// that of the user's call.
    /// </summary>
    internal virtual bool HidesInnerCalls => false;

    /// <summary>Whether a model lists it among its layers; functions that a Keras file names are steps but not layers.</summary>
    internal virtual bool IsListed => true;

    internal virtual IReadOnlyList<LayerBase> Children => _children;

    internal IReadOnlyList<Weight> OwnWeights => _weights;

    private IReadOnlyList<Weight> WeightsThat(bool train)
    {
        var trained = new HashSet<Weight>();
        AddTrained(trained);
        return [.. Weights.Where(weight => trained.Contains(weight) == train)];
    }

    /// <summary>Adds the trainable weights of this layer and of those inside it, unless the layer or one between is frozen.</summary>
    private void AddTrained(HashSet<Weight> trained)
    {
        if (!Trainable) return;
        trained.UnionWith(_weights.Where(weight => weight.Trainable));
        foreach (var child in Children) child.AddTrained(trained);
    }

    /// <summary>A copy with the same options, not yet called and without weights or inner layers.</summary>
    /// <param name="name">Its name; null to let its model or owner choose one.</param>
    internal virtual LayerBase CopyUncalled(string? name)
    {
        var copy = (LayerBase)MemberwiseClone();
        (copy._weights, copy._children, copy._calls, copy._taken, copy._childNames) = ([], [], [], new(), []);
        (copy._current, copy._automaticName, copy.GivenName) = (null, null, Naming.Checked(name));
        return copy;
    }

    /// <summary>A function by which a wrapper replaces the layer's weights while it calls the layer.</summary>
    internal Func<Weight, SymbolicTensor, SymbolicTensor>? OnWeight { get; set; }

    /// <summary>Gives the layer a weight that another way than <see cref="Weight"/> made.</summary>
    private protected void Hold(Weight weight) => _weights.Add(weight);

    internal void SettleName(string name) => _automaticName ??= name;

    /// <summary>Gives the layer a name of a file, where names hold any characters.</summary>
    internal void NameAsInFile(string name) => GivenName = name;

    /// <summary>Whether its weights have full names of their own, as those of a file do, so that the layer's is not put in front.</summary>
    internal virtual bool NamesWeightsAlone => false;

    /// <summary>Why no configuration can describe it; <see langword="null"/> if its class and options do.</summary>
    internal virtual string? WhyNoConfiguration => null;

    /// <summary>Whether its output is meant to be the same whatever the input is.</summary>
    internal virtual bool GivesConstants => false;

    /// <summary>The number of calls so far.</summary>
    internal int CallsMade { get; set; }

    /// <summary>All weights with their names relative to this layer: <c>kernel</c>, <c>dense/kernel</c>.</summary>
    internal IEnumerable<(string Path, Weight Weight)> NamedWeights()
    {
        foreach (var weight in _weights.OrderBy(weight => !weight.Learns).ThenBy(weight => weight.IsOfAdapter)) yield return (weight.Name, weight);
        foreach (var child in Children)
        {
            foreach (var (path, weight) in child.NamedWeights()) yield return (child.NamesWeightsAlone ? path : NameOf(child) + "/" + path, weight);
        }
    }

    /// <summary>The name of an inner layer in paths. A layer that several others call may have another name in each of them.</summary>
    internal virtual string NameOf(LayerBase child) => _childNames.GetValueOrDefault(child) ?? child.Name;

    /// <summary>Whether a layer is one of the inner layers, without going through all of them.</summary>
    internal virtual bool IsInside(LayerBase child) => _childNames.ContainsKey(child) || Children.Contains(child);

    /// <summary>The mask of the outputs. A layer that keeps the leading axes passes on the mask of its input; others return null.</summary>
    private protected virtual SymbolicTensor? OutputMask(SymbolicTensors inputs, SymbolicTensors outputs) => null;

    /// <summary>Whether it passes no mask on, though layers of its class do: so did the version of Keras that wrote it into a file.</summary>
    internal bool EndsMask { get; set; }

    /// <summary>Keras' policy of mixed precision that the layer's file names, <c>mixed_float16</c>; null for float32. Files keep it.</summary>
    internal string? Policy { get; set; }

    /// <summary>Returns a weight of this layer: the first call creates it, later calls return the same one.</summary>
    /// <param name="name">The name within the layer.</param>
    /// <param name="shape">The dimensions, all known.</param>
    /// <param name="initializer">The source of the initial values; default: Glorot uniform.</param>
    /// <param name="trainable">Whether gradients update it.</param>
    /// <param name="regularizer">A penalty added to the loss.</param>
    /// <param name="constraint">A constraint on its values, enforced after each step.</param>
    /// <returns>The weight as a tensor to compute with.</returns>
    /// <exception cref="ModelException">The call is outside Forward, a dimension is unknown, or the shape differs from that of the first call.</exception>
    protected internal SymbolicTensor Weight(
        string name,
        Shape shape,
        Initializer? initializer = null,
        bool trainable = true,
        Regularizer? regularizer = null,
        Constraint? constraint = null)
    {
        if (_current is null)
        {
            throw new ModelException(
                $"Weight '{name}' of {ClassName} was requested outside the Forward of a layer; create weights there, where they are used. "
                + "A model has none of its own, but those of its layers.");
        }

        if (!shape.IsKnown)
        {
            throw new ModelException(
                $"Weight '{name}' would have shape {shape}; a weight needs known dimensions. "
                + "Give the input's last dimension a size: Model.Input([null, 8]) instead of Model.Input([null, null]).");
        }

        var weight = _weights.Find(weight => weight.Name == name);
        if (weight is null)
        {
            weight = new Weight(name, shape, initializer ?? Initializer.GlorotUniform, trainable, this)
            {
                Regularizer = regularizer,
                Constraint = constraint,
            };
            _weights.Add(weight);
        }
        else if (weight.Shape != shape)
        {
            throw new ModelException(
                $"its {name} has had shape {weight.Shape} since the first call on {_calls[0].Inputs[0].Shape}; this call would need {shape}. "
                + "All calls of a shared layer need inputs of the same width; use a separate layer for each width.");
        }

        var values = new SymbolicTensor(weight.Variable, _current);
        return OnWeight is null ? values : OnWeight(weight, values);
    }

    /// <summary>A weight that every batch starts from and <see cref="Update"/> sets, in prediction and evaluation too; zeros at first.</summary>
    /// <param name="name">The name within the layer.</param>
    /// <param name="shape">The dimensions, all known.</param>
    /// <returns>The weight, and the state as this call finds it.</returns>
    private protected (SymbolicTensor Weight, SymbolicTensor Before) State(string name, Shape shape)
    {
        var weight = Weight(name, shape, Initializer.Zeros, trainable: false);
        var state = _weights.Find(weight => weight.Name == name)!;
        state.IsState = true;
        return (weight, new SymbolicTensor(StateOrder.Read(state, _current!), _current));
    }

    /// <summary>Sets a weight to a new value in each training step, as BatchNormalization does with its moving mean.</summary>
    /// <param name="weight">A tensor returned by <see cref="Weight"/>.</param>
    /// <param name="value">The value after the step.</param>
    /// <exception cref="ModelException">It is called outside <c>Forward</c>, or the tensor is not one that <see cref="Weight"/> returned.</exception>
    protected void Update(SymbolicTensor weight, SymbolicTensor value)
    {
        ArgumentNullException.ThrowIfNull(weight);
        ArgumentNullException.ThrowIfNull(value);
        if (_current is null || weight.Value.Producer.Op is not Operators.Variable { Weight: var target })
            throw new ModelException($"{ClassName}: Update was called outside Forward or on {weight}; call it in Forward, on a tensor returned by Weight.");
        _current.AddUpdate(target, value.Value);
    }

    /// <summary>Adds a scalar to the loss of every model that contains this call.</summary>
    /// <param name="loss">A scalar.</param>
    /// <exception cref="ModelException">The loss is no scalar, or the call is outside <c>Forward</c>.</exception>
    protected void AddLoss(SymbolicTensor loss)
    {
        ArgumentNullException.ThrowIfNull(loss);
        if (loss.Rank != 0) throw new ModelException($"AddLoss takes a scalar, but got {loss.Shape}. Reduce it with Ops.Mean or Ops.Sum.");
        if (KeepsLoss(loss)) return;
        if (_current is null) throw new ModelException($"{ClassName}: AddLoss was called outside Forward; call it in Forward.");
        _current.AddLoss(loss.Value);
    }

    /// <summary>Whether the layer itself keeps a loss that its Forward adds, instead of the current call.</summary>
    private protected virtual bool KeepsLoss(SymbolicTensor loss) => false;

    /// <summary>
    /// Calls the layer on a list of tensors and returns the list of its outputs. All layers, such as those from <see cref="Model.Layers"/> and
    /// <see cref="Model.GetLayer"/>, can be called this way.
    /// </summary>
    /// <param name="tensors">The inputs, in order.</param>
    /// <exception cref="ModelException">The number or the shapes of the tensors do not fit; the message says what was expected.</exception>
    /// <example><code>SymbolicTensors features = pretrained.GetLayer("block5_conv3").Call([image]);</code></example>
    public SymbolicTensors Call(SymbolicTensors tensors) => CallAll(tensors, CallOptions.None);

    /// <summary>Calls the layer on any number of tensors with options, as a file describes it, and returns all outputs.</summary>
    internal abstract SymbolicTensors CallAll(SymbolicTensors inputs, CallOptions options);

    /// <summary>Repeats a call on other tensors.</summary>
    /// <param name="original">A call of this layer, or of the layer it is a copy of.</param>
    /// <param name="inputs">The tensors to call it on, without those among the options.</param>
    /// <param name="move">Maps each tensor among the original's options to its replacement.</param>
    internal virtual SymbolicTensors CallAgain(LayerCall original, SymbolicTensors inputs, Func<SymbolicTensor, SymbolicTensor> move) =>
        CallAll(inputs, original.Options.Moved(move));

    /// <summary>
    /// Runs <paramref name="forward"/> as a call of this layer: records the call, adds the layer's path to errors, and passes masks on.
    /// <paramref name="forward"/> receives the inputs without the tensors among the options.
    /// </summary>
    private protected SymbolicTensors Invoke(SymbolicTensors inputs, CallOptions options, Func<SymbolicTensors, SymbolicTensors> forward)
    {
        if (inputs.Count == 0) throw new ModelException($"{ClassName} '{Name}' was called without tensors; pass at least one.") { NamesLayer = true };
        var given = inputs.Count;
        if (options.Mask is not null) inputs = [inputs[0].WithMask(options.Mask), .. inputs.Skip(1)];
        inputs = [.. inputs, .. options.Tensors];
        LayerCall? parent = null;
        foreach (var input in inputs)
        {
            if (input is null) throw new ModelException($"{ClassName} '{Name}' was called on null; expected a tensor from Model.Input or another layer.");
            if (input.Scope is { } scope && scope.Depth > (parent?.Depth ?? 0)) parent = scope;
        }

        parent?.Layer.Adopt(this);
        var call = new LayerCall(this, parent);
        var outer = _current;
        _current = call;
        try
        {
            var scoped = new SymbolicTensor[inputs.Count];
            for (var i = 0; i < scoped.Length; i++) scoped[i] = inputs[i].In(call);
            call.Inputs = inputs;
            call.Options = options;
            var results = forward(scoped[..given]);
            if (options.Training is { } training) results = Fixed(scoped, results, training);
            var mask = OutputMask(scoped, results);
            var outputs = new SymbolicTensor[results.Count];
            for (var i = 0; i < outputs.Length; i++)
            {
                // A result that is also an input would belong to its first producer, and the call would vanish from the model.
                var result = scoped.Contains(results[i])
                    ? new SymbolicTensor(Node.Create(new Operators.Identity(), [results[i].Value], call).Outputs[0], call)
                    : results[i];
                outputs[i] = new SymbolicTensor(result.Value, parent, EndsMask ? null : (results[i].Mask ?? (i == 0 ? mask : null))?.In(parent));
            }

            call.Outputs = outputs;
        }
        catch (ModelException error) when (!error.NamesLayer)
        {
            throw Named(error);
        }
        catch (OverflowException overflow)
        {
            throw Named(Sizes.TooLarge("the layer", overflow));
        }
        finally
        {
            _current = outer;
        }

        if (parent?.Layer.HidesInnerCalls != true) _calls.Add(call);
        return call.Outputs;

        ModelException Named(ModelException error)
        {
            // Shapes are said once.
            var told = inputs.All(input => error.Message.Contains(input.Shape.ToString(), StringComparison.Ordinal));
            var specs = told ? "" : " called on " + string.Join(" and ", inputs.Select(input => input.Value.Spec));
            return new($"Layer '{call.Path}' ({ClassName}){specs}: {error.Message}", error) { NamesLayer = true };
        }
    }

    /// <summary>The results with the computation fixed to that of training, or to that of inference, for any use of the model.</summary>
    private static SymbolicTensors Fixed(SymbolicTensor[] inputs, SymbolicTensors results, bool training)
    {
        var map = Specialization.Of([.. inputs.Select(input => input.Value)], [.. results.Select(result => result.Value)], training);
        return results.Select(result => new SymbolicTensor(map[result.Value], result.Scope, result.Mask)).ToArray();
    }

    private void Adopt(LayerBase child)
    {
        if (IsInside(child)) return;
        _children.Add(child);
        var unique = _taken.Unique(child.Name);
        child.SettleName(unique);
        _childNames.Add(child, child.GivenName ?? unique);
    }

    private LayerCall OnlyCall() => _calls.Count switch
    {
        1 => _calls[0],
        0 => throw new ModelException($"Layer '{Name}' has not been called; call it on a tensor first."),
        var count => throw new ModelException(
            $"Layer '{Name}' was called {count} times, so it has no single input or output; keep the tensors its calls returned."),
    };

    private SymbolicTensor Single(SymbolicTensors tensors, string what) =>
        tensors.Count == 1 ? tensors[0] : throw new ModelException($"Layer '{Name}' has {tensors.Count} {what}s; keep the tensors of its call.");
}
