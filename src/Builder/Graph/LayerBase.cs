using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace OnnxFunctional;

/// <summary>What all layers and models share: a name, weights, the calls made so far. Users derive from <see cref="Layer"/> or <see cref="MergeLayer"/>.</summary>
[DebuggerDisplay("{Name,nq} ({GetType().Name,nq})")]
[DynamicallyAccessedMembers(ConfigurationMembers.Kept)]
public abstract class LayerBase
{
    private List<Weight> _weights = [];
    private List<LayerBase> _children = [];
    private List<LayerCall> _calls = [];
    private HashSet<string> _childNames = [];
    private LayerCall? _current;
    private string? _automaticName;

    private protected LayerBase(string? name) => GivenName = Naming.Checked(name);

    /// <summary>The name: the one given, or the one the first model made of it, or else Keras' snake case of the class.</summary>
    public string Name => GivenName ?? _automaticName ?? Naming.SnakeCase(ClassName);

    /// <summary>Whether training moves its weights; a frozen BatchNormalization also uses its stored statistics. Setting it sets it for the layers inside too, as in Keras. Read when a model is compiled.</summary>
    public virtual bool Trainable
    {
        get;
        set
        {
            field = value;
            foreach (var child in Children) child.Trainable = value;
        }
    } = true;

    /// <summary>Its own weights in Keras' order, then those of the layers inside it.</summary>
    public IReadOnlyList<Weight> Weights => [.. NamedWeights().Select(named => named.Weight)];

    /// <summary>The tensor the layer was called on.</summary>
    /// <exception cref="ModelException">The layer was not called, was called more than once, or takes several tensors.</exception>
    public virtual SymbolicTensor Input => Single(OnlyCall().Inputs, "input");

    /// <summary>The tensor the layer gave.</summary>
    /// <exception cref="ModelException">The layer was not called, was called more than once, or gives several tensors.</exception>
    public virtual SymbolicTensor Output => Single(OnlyCall().Outputs, "output");

    /// <summary>The class as Keras names it in files and automatic names.</summary>
    internal virtual string ClassName => GetType().Name;

    internal string? GivenName { get; private set; }

    /// <summary>The name by which the user or an earlier model knows it.</summary>
    internal string? SettledName => GivenName ?? _automaticName;

    internal IReadOnlyList<LayerCall> Calls => _calls;

    /// <summary>Whether calls of the layers inside are not counted among their <see cref="Calls"/>: what a model does inside is no call of the user's, and a layer's one output stays that of its own call.</summary>
    internal virtual bool HidesInnerCalls => false;

    /// <summary>Whether a model lists it among its layers; functions that a Keras file names are steps, but no layers.</summary>
    internal virtual bool IsListed => true;

    internal virtual IReadOnlyList<LayerBase> Children => _children;

    internal IReadOnlyList<Weight> OwnWeights => _weights;

    /// <summary>A layer of the same options under another name: not called yet, with weights and inner layers of its own.</summary>
    internal virtual LayerBase CopyUncalled(string name)
    {
        var copy = (LayerBase)MemberwiseClone();
        (copy._weights, copy._children, copy._calls, copy._childNames) = ([], [], [], []);
        (copy._current, copy._automaticName, copy.GivenName) = (null, null, Naming.Checked(name));
        return copy;
    }

    /// <summary>What a wrapper around the layer makes of its weights while it calls it.</summary>
    internal Func<Weight, SymbolicTensor, SymbolicTensor>? OnWeight { get; set; }

    internal void SettleName(string name) => _automaticName ??= name;

    /// <summary>All weights with their names below this layer: <c>kernel</c>, <c>dense/kernel</c>.</summary>
    internal IEnumerable<(string Path, Weight Weight)> NamedWeights()
    {
        foreach (var weight in _weights.OrderBy(weight => !weight.Trainable)) yield return (weight.Name, weight);
        foreach (var child in Children)
        {
            foreach (var (path, weight) in child.NamedWeights()) yield return (NameOf(child) + "/" + path, weight);
        }
    }

    internal virtual string NameOf(LayerBase child) => child.Name;

    /// <summary>The mask of the outputs, given the inputs with theirs. A layer that keeps the leading axes passes its input's mask on; others drop it.</summary>
    private protected virtual SymbolicTensor? OutputMask(SymbolicTensors inputs, SymbolicTensors outputs) => null;

    /// <summary>A weight of this layer: made at the first call, the same one afterwards.</summary>
    /// <param name="name">Its name within the layer.</param>
    /// <param name="shape">Its dimensions, all known.</param>
    /// <param name="initializer">Where its first values come from; Glorot uniform if none is given.</param>
    /// <param name="trainable">Whether gradients move it.</param>
    /// <param name="regularizer">A penalty added to the loss.</param>
    /// <param name="constraint">A rule its values follow after each step.</param>
    /// <returns>The weight as a tensor to compute with.</returns>
    /// <exception cref="ModelException">Called outside Forward, an unknown dimension, or another shape than at the first call.</exception>
    protected internal SymbolicTensor Weight(string name, Shape shape, Initializer? initializer = null, bool trainable = true, Regularizer? regularizer = null, Constraint? constraint = null)
    {
        if (_current is null) throw new ModelException($"Weight '{name}' of {ClassName} was asked for outside Forward; create weights where they are used.");
        if (!shape.IsKnown)
            throw new ModelException($"Weight '{name}' would have shape {shape}; a weight needs known dimensions. Give the input's last dimension a size: Model.Input([null, 8]) instead of Model.Input([null, null]).");
        var weight = _weights.Find(weight => weight.Name == name);
        if (weight is null)
        {
            weight = new Weight(name, shape, initializer ?? Initializer.GlorotUniform, trainable, this) { Regularizer = regularizer, Constraint = constraint };
            _weights.Add(weight);
        }
        else if (weight.Shape != shape)
        {
            throw new ModelException($"its {name} has shape {weight.Shape} since the first call on {_calls[0].Inputs[0].Shape}; this call would need {shape}. A shared layer takes inputs of one width; use a layer for each.");
        }

        var values = new SymbolicTensor(weight.Variable, _current);
        return OnWeight is null ? values : OnWeight(weight, values);
    }

    /// <summary>Says that a training step sets a weight to a new value, as BatchNormalization does with its moving mean.</summary>
    /// <param name="weight">A tensor that <see cref="Weight"/> returned.</param>
    /// <param name="value">Its value after the step.</param>
    protected void Update(SymbolicTensor weight, SymbolicTensor value)
    {
        ArgumentNullException.ThrowIfNull(weight);
        ArgumentNullException.ThrowIfNull(value);
        if (_current is null || weight.Value.Producer.Op is not Operators.Variable { Weight: var target }) throw new ModelException("Update sets a weight of this layer from within Forward.");
        _current.AddUpdate(target, value.Value);
    }

    /// <summary>Adds one number to the loss of every model that holds this call.</summary>
    protected void AddLoss(SymbolicTensor loss)
    {
        ArgumentNullException.ThrowIfNull(loss);
        if (_current is null || loss.Rank != 0) throw new ModelException($"AddLoss takes one number from within Forward, but came {loss.Shape}. Use Ops.Mean or Ops.Sum.");
        _current.AddLoss(loss.Value);
    }

    /// <summary>Calls the layer on a list of tensors and returns the list of its outputs, whatever layer it is: what <see cref="Model.Layers"/> and <see cref="Model.GetLayer"/> return is called by it.</summary>
    /// <exception cref="ModelException">The number or the shapes of the tensors do not fit; the message says what was expected.</exception>
    /// <example><code>SymbolicTensors features = pretrained.GetLayer("block5_conv3").Call([x]);</code></example>
    public SymbolicTensors Call(SymbolicTensors tensors) => CallAll(tensors, CallOptions.None);

    /// <summary>Calls the layer as a file describes it: on any number of tensors, with what goes beside them. All outputs are returned.</summary>
    internal abstract SymbolicTensors CallAll(SymbolicTensors inputs, CallOptions options);

    /// <summary>Calls the layer, or a copy of it, as <paramref name="original"/> did, on other tensors.</summary>
    /// <param name="original">A call of the layer, or of the one it is a copy of.</param>
    /// <param name="inputs">The tensors to call it on, without those among the options.</param>
    /// <param name="move">Gives the tensor in the place of one among the original's options.</param>
    internal virtual SymbolicTensors CallAgain(LayerCall original, SymbolicTensors inputs, Func<SymbolicTensor, SymbolicTensor> move) => CallAll(inputs, original.Options.Moved(move));

    /// <summary>Runs <paramref name="forward"/> as a call of this layer: records it, names errors, carries masks. It is given the inputs without those among the options.</summary>
    private protected SymbolicTensors Invoke(SymbolicTensors inputs, CallOptions options, Func<SymbolicTensors, SymbolicTensors> forward)
    {
        if (inputs.Count == 0) throw new ModelException($"{ClassName} '{Name}' was called on no tensor; pass at least one.") { NamesLayer = true };
        var given = inputs.Count;
        if (options.Mask is not null) inputs = [inputs[0].WithMask(options.Mask), .. inputs.Skip(1)];
        inputs = [.. inputs, .. options.Tensors];
        LayerCall? parent = null;
        foreach (var input in inputs)
        {
            if (input is null) throw new ModelException($"{ClassName} '{Name}' was called on nothing; expected a tensor from Model.Input or another layer.");
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
                // A result that is an input would belong to its first producer, and the call would vanish from the model.
                var result = scoped.Contains(results[i]) ? new SymbolicTensor(Node.Create(new Operators.Identity(), [results[i].Value], call).Outputs[0], call) : results[i];
                outputs[i] = new SymbolicTensor(result.Value, parent, (results[i].Mask ?? (i == 0 ? mask : null))?.In(parent));
            }

            call.Outputs = outputs;
        }
        catch (ModelException error) when (!error.NamesLayer)
        {
            throw new ModelException($"Layer '{call.Path}' ({ClassName}) called on {string.Join(" and ", inputs.Select(input => input.Value.Spec))}: {error.Message}", error) { NamesLayer = true };
        }
        finally
        {
            _current = outer;
        }

        if (parent?.Layer.HidesInnerCalls != true) _calls.Add(call);
        return call.Outputs;
    }

    /// <summary>The results as they are in training, or otherwise, whatever is done with the model.</summary>
    private static SymbolicTensors Fixed(SymbolicTensor[] inputs, SymbolicTensors results, bool training)
    {
        var map = Specialization.Of([.. inputs.Select(input => input.Value)], [.. results.Select(result => result.Value)], training);
        return results.Select(result => new SymbolicTensor(map[result.Value], result.Scope, result.Mask)).ToArray();
    }

    private void Adopt(LayerBase child)
    {
        if (Children.Contains(child)) return;
        _children.Add(child);
        child.SettleName(Naming.Unique(child.Name, _childNames));
    }

    private LayerCall OnlyCall() => _calls.Count switch
    {
        1 => _calls[0],
        0 => throw new ModelException($"Layer '{Name}' has not been called; call it on a tensor first."),
        var count => throw new ModelException($"Layer '{Name}' was called {count} times, so it has no single input or output; keep the tensors its calls returned."),
    };

    private SymbolicTensor Single(SymbolicTensors tensors, string what) =>
        tensors.Count == 1 ? tensors[0] : throw new ModelException($"Layer '{Name}' has {tensors.Count} {what}s; keep the tensors from its call.");
}
