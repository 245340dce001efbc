using OnnxFunctional.Operators;

namespace OnnxFunctional.Training;

/// <summary>Describes a <see cref="TrainingStep"/> in its function: inputs, losses, which weights learn from them, and what is reported.</summary>
/// <remarks>
/// Everything in a step happens at once: every loss and every gradient sees the weights as they were before it. For updates in sequence, make two steps.
/// </remarks>
public sealed class StepContext
{
    private readonly List<InputLayer> _inputs = [];
    private readonly NameSet _inputNames = new();
    private readonly List<(string Name, Value Value)> _reports = [];
    private readonly List<(Optimizer Optimizer, OptimizerState State)> _optimizers = [];
    private readonly List<Value> _roots = [];
    private readonly Dictionary<Value, Value> _specialized = [];
    private readonly WeightUpdates _updates = new();
    private readonly Dictionary<Weight, string> _paths = [];

    internal StepContext()
    {
    }

    internal IReadOnlyList<string> InputNames => [.. _inputs.Select(input => input.Name)];

    internal IReadOnlyList<Value> Inputs => [.. _inputs.Select(input => input.Tensor.Value)];

    internal IReadOnlyList<(string Name, Value Value)> Reports => _reports;

    /// <summary>A weight's name in messages: the name it learns under, else that of its layer before its own.</summary>
    internal string PathOf(Weight weight) => _paths.GetValueOrDefault(weight) ?? weight.Owner?.Name + "/" + weight.Name;

    /// <summary>What a diagnosis examines: outputs of layers in the graph of the step, then the losses.</summary>
    internal IReadOnlyList<Examined> Examined()
    {
        var layers = OnnxFunctional.Training.Examined.Layers(Calls(), Graph.Between(Inputs, _roots));
        return
        [
            .. layers.Select(layer => layer with { Value = Specialized(layer.Value) }),
            .. _reports.Where(report => Losses.Contains(report.Name)).Select(report => new Examined(null, $"loss '{report.Name}'", report.Value)),
        ];
    }

    /// <summary>The names of the reported values that are losses.</summary>
    internal HashSet<string> Losses { get; } = [];

    internal IReadOnlyList<(Optimizer Optimizer, OptimizerState State)> Optimizers => _optimizers;

    internal IReadOnlyList<(Weight Weight, Value Value)> Updates => _updates.All;

    /// <summary>The models that the step calls.</summary>
    internal IReadOnlyList<Model> Models => [.. Calls().SelectMany(Around).Select(call => call.Layer).OfType<Model>().Distinct()];

    /// <summary>An input of the step: data that each call provides.</summary>
    /// <param name="shape">Its dimensions without the batch; <see langword="null"/> for an unknown size.</param>
    /// <param name="dtype">The type of its elements.</param>
    /// <param name="name">Its name; default: input, input_1, ...</param>
    /// <returns>A tensor (batch, shape...). Batches of several inputs may differ.</returns>
    /// <exception cref="ModelException">Two inputs have one name.</exception>
    public SymbolicTensor Input(Shape shape, DType dtype = DType.Float32, string? name = null)
    {
        if (name is not null && _inputNames.Contains(name)) throw new ModelException($"Two inputs of the step are named '{name}'; give each its own name.");
        var input = new InputLayer(shape.Insert(0, Shape.NewSymbol()), dtype, name is null ? _inputNames.Unique("input") : name);
        _inputNames.Add(input.Name);
        _inputs.Add(input);
        _specialized[input.Tensor.Value] = input.Tensor.Value;
        return input.Tensor;
    }

    /// <summary>Random numbers from a normal distribution, new ones in every call: a function of the step's seed and the number of calls made.</summary>
    /// <param name="like">A tensor of the batch: there is one draw per sample.</param>
    /// <param name="shape">The dimensions of a draw.</param>
    /// <param name="mean">Their mean.</param>
    /// <param name="stddev">Their standard deviation.</param>
    /// <returns>(batch, shape...).</returns>
    public SymbolicTensor RandomNormal(SymbolicTensor like, Shape shape, double mean = 0, double stddev = 1) =>
        Draw(new RandomNormal(new RandomStream(), (float)mean, (float)stddev), like, shape);

    /// <summary>Random numbers from a uniform distribution, new ones in every call: a function of the step's seed and the number of calls made.</summary>
    /// <param name="like">A tensor of the batch: there is one draw per sample.</param>
    /// <param name="shape">The dimensions of a draw.</param>
    /// <param name="minval">The lower bound, inclusive.</param>
    /// <param name="maxval">The upper bound, exclusive.</param>
    /// <returns>(batch, shape...).</returns>
    public SymbolicTensor RandomUniform(SymbolicTensor like, Shape shape, double minval = 0, double maxval = 1) =>
        Draw(new RandomUniform(new RandomStream(), (float)minval, (float)maxval), like, shape);

    /// <summary>
    /// Minimizes a loss: computes its gradient with respect to the trainable weights of models or layers, and updates these. Their regularization and activity
    /// penalties are part of the loss, as in Fit.
    /// </summary>
    /// <param name="name">The name of the loss in the results.</param>
    /// <param name="loss">A scalar.</param>
    /// <param name="optimizer">Updates the weights; its state belongs to this step.</param>
    /// <param name="learners">The models or layers to train; all other weights stay the same.</param>
    /// <exception cref="ModelException">The loss is not a scalar or does not depend on a weight, or a weight is already updated.</exception>
    public void Minimize(string name, SymbolicTensor loss, Optimizer optimizer, params ReadOnlySpan<LayerBase> learners)
    {
        CheckScalar(name, loss);
        var total = Penalized(loss, learners);
        Report(name, total);
        Losses.Add(name);
        Apply(optimizer, ComputeGradients(total, learners));
    }

    /// <summary>
    /// Computes the gradient of a loss with respect to the trainable weights of models or layers. It may be changed before <see cref="Apply"/>.
    /// </summary>
    /// <param name="loss">A scalar.</param>
    /// <param name="learners">The models or layers.</param>
    /// <exception cref="ModelException">The loss is not a scalar, or does not depend on a weight.</exception>
    public IReadOnlyList<WeightGradient> ComputeGradients(SymbolicTensor loss, params ReadOnlySpan<LayerBase> learners)
    {
        CheckScalar("given to Gradients", loss);
        var weights = Trainable(learners);
        if (weights.Count == 0)
        {
            throw new ModelException("There is nothing to learn: " + (learners.Length == 0
                ? "no model or layer was given."
                : "no weight of the given models and layers is trainable. Set Trainable = true, or pass the model to train."));
        }

        var gradients = Gradient.Backpropagate(Specialized(loss.Value), 1, [.. weights.Select(entry => entry.Weight.Variable)]);
        var without = weights.Where((_, i) => gradients[i] is null).Select(entry => $"'{entry.Path}'").ToList();
        if (without.Count > 0)
        {
            throw new ModelException(
                $"The loss does not depend on {string.Join(", ", without.Take(5))}{(without.Count > 5 ? $" and {without.Count - 5} more" : "")}, "
                + $"so {(without.Count == 1 ? "it has no gradient" : "they have no gradients")}. "
                + "Leave the layer out, set its Trainable to false, or look for a StopGradient or an integer on the way.");
        }

        return [.. weights.Select((entry, i) => new WeightGradient(entry.Path, entry.Weight, gradients[i]!))];
    }

    /// <summary>Updates weights by gradients.</summary>
    /// <param name="optimizer">Updates the weights; its state belongs to this step.</param>
    /// <param name="gradients">What <see cref="ComputeGradients"/> returned, possibly changed.</param>
    /// <exception cref="ModelException">A weight is already updated, or the optimizer is already used.</exception>
    public void Apply(Optimizer optimizer, IEnumerable<WeightGradient> gradients)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        ArgumentNullException.ThrowIfNull(gradients);
        if (_optimizers.Exists(known => ReferenceEquals(known.Optimizer, optimizer)))
        {
            throw new ModelException(
                $"The optimizer {optimizer.Name} updates two lists of weights in one step. Create one for each, so that each counts its own steps.");
        }

        var moved = gradients.ToList();
        foreach (var (path, weight, gradient) in moved)
        {
            CheckFree(weight, path);
            if (gradient.Shape != weight.Shape)
                throw new ModelException($"The gradient of '{path}' has shape {gradient.Shape}; expected the weight's, {weight.Shape}.");
            _paths[weight] = path;
        }

        var state = new OptimizerState();
        state.LearningRate.Storage[0] = (float)optimizer.LearningRate.InitialLearningRate;
        _optimizers.Add((optimizer, state));
        _updates.Learn(optimizer, [.. moved.Select(entry => (entry.Path, entry.Weight, new SymbolicTensor(Specialized(entry.Gradient.Value))))], state);
    }

    /// <summary>A weight as a tensor to compute with.</summary>
    /// <param name="weight">The weight.</param>
    /// <param name="afterStep">
    /// Whether to return the value after the step, as far as it is set already: for a network that follows the weights of another one.
    /// </param>
    public SymbolicTensor ValueOf(Weight weight, bool afterStep = false)
    {
        ArgumentNullException.ThrowIfNull(weight);
        return new SymbolicTensor((afterStep ? _updates.NextOf(weight) : null) ?? weight.Variable);
    }

    /// <summary>Sets a weight's value after the step, if no optimizer updates it: a target network, a running mean.</summary>
    /// <param name="weight">The weight.</param>
    /// <param name="value">Its next value, of its shape.</param>
    /// <exception cref="ModelException">The shapes differ, or the weight is already updated.</exception>
    public void Set(Weight weight, SymbolicTensor value)
    {
        ArgumentNullException.ThrowIfNull(weight);
        ArgumentNullException.ThrowIfNull(value);
        CheckFree(weight, weight.Name);
        if (value.Shape != weight.Shape || value.DType != DType.Float32)
            throw new ModelException($"The weight '{weight.Name}' is {weight.Shape}, but the value to set is {value.Value.Spec}.");
        _updates.Set(weight, Specialized(value.Value));
    }

    /// <summary>Names a value that each call of the step returns.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">A scalar.</param>
    /// <exception cref="ModelException">It is not a scalar, or the name is taken.</exception>
    public void Report(string name, SymbolicTensor value)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        CheckScalar(name, value, floating: false);
        if (_reports.Exists(report => report.Name == name)) throw new ModelException($"Two values are reported as '{name}'; give each its own name.");
        _reports.Add((name, Specialized(Ops.Cast(value, DType.Float32).Value)));
    }

    /// <summary>After the function: adds the updates that layers make themselves, and refuses inputs that are not those of the step.</summary>
    internal void Close()
    {
        if (_updates.All.Count == 0)
        {
            throw new ModelException(
                "The step changes no weight: call Minimize, Apply or Set in its function. To evaluate a model without changing it, use Predict or Evaluate.");
        }

        _updates.SetByLayers(Calls().SelectMany(call => call.Trainable ? call.Updates : call.StateUpdates).ToList(), Specialized);
        var missing = Graph.Between(Inputs, [.. _reports.Select(report => report.Value), .. Updates.Select(update => update.Value)]).MissingInputs().ToList();
        if (missing.Count == 0) return;
        var name = ((Placeholder)missing[0].Op).Layer.Name;
        throw new ModelException(
            $"The step reads '{name}', which is the input of a model and not one of the step's, {string.Join(", ", InputNames.Select(input => $"'{input}'"))}. "
            + "Call the model on a tensor of the step: model.Call(step.Input(...)).");
    }

    private SymbolicTensor Penalized(SymbolicTensor loss, ReadOnlySpan<LayerBase> learners)
    {
        var layers = new HashSet<LayerBase>();
        foreach (var learner in learners) AddWithChildren(learner);
        var total = loss;
        foreach (var call in Graph.Between(Inputs, [loss.Value]).Calls().Where(call => layers.Contains(call.Layer)))
        {
            foreach (var penalty in call.Losses) total += new SymbolicTensor(penalty);
        }

        foreach (var (_, weight) in Trainable(learners))
        {
            if (weight.Regularizer is { } regularizer) total += regularizer.Penalty(new SymbolicTensor(weight.Variable));
        }

        return total;

        void AddWithChildren(LayerBase layer)
        {
            layers.Add(layer);
            foreach (var child in layer.Children) AddWithChildren(child);
        }
    }

    /// <summary>The weights to train with full names: those of one model as it names them, those of several with the model's name in front.</summary>
    private static List<(string Path, Weight Weight)> Trainable(ReadOnlySpan<LayerBase> learners)
    {
        var result = new List<(string Path, Weight Weight)>();
        var taken = new NameSet();
        foreach (var learner in learners)
        {
            ArgumentNullException.ThrowIfNull(learner, nameof(learners));
            var frozen = CompiledTraining.FrozenIn(learner).SelectMany(layer => layer.OwnWeights).ToHashSet();
            var prefix = learners.Length == 1 ? "" : taken.Unique(learner.Name) + "/";
            var trained = learner.NamedWeights().Where(named => named.Weight.Trainable && !frozen.Contains(named.Weight));
            result.AddRange(trained.Select(named => (prefix + named.Path, named.Weight)));
        }

        return [.. result.DistinctBy(named => named.Weight)];
    }

    /// <summary>The value in the graph for training. One map serves all parts of a step, so that what they share stays shared.</summary>
    private Value Specialized(Value value)
    {
        _roots.Add(value);
        var side = Graph.Between([.. _specialized.Keys], [value]);
        foreach (var (from, to) in Specialization.Extend(side, _specialized, training: true, rule: Preparation.Of)) _specialized.TryAdd(from, to);
        return _specialized[value];
    }

    private IReadOnlyList<LayerCall> Calls() => Graph.Between(Inputs, _roots).Calls();

    private static IEnumerable<LayerCall> Around(LayerCall call)
    {
        for (var around = call; around is not null; around = around.Parent) yield return around;
    }

    private void CheckFree(Weight weight, string path)
    {
        if (_updates.NextOf(weight) is null) return;
        throw new ModelException(
            $"The weight '{path}' is updated twice in one step. Add the losses and minimize their sum, or make two steps that run one after the other.");
    }

    private static void CheckScalar(string name, SymbolicTensor value, bool floating = true)
    {
        ArgumentNullException.ThrowIfNull(value, name);
        if (value.Rank != 0)
            throw new ModelException($"'{name}' is {value.Shape}; expected a scalar. Use Ops.Mean or Ops.Sum, or another Reduction of the loss.");
        if (floating && value.DType != DType.Float32)
            throw new ModelException($"'{name}' is {value.DType.KerasName()}, which has no gradient; expected float32.");
    }

    private SymbolicTensor Draw(RandomOp op, SymbolicTensor like, Shape shape)
    {
        ArgumentNullException.ThrowIfNull(like);
        if (Graph.Between(Inputs, [like.Value]).MissingInputs().Any())
            throw new ModelException($"Random numbers for each sample of {like}: expected a tensor that is computed from an input of the step.");
        if (!shape.IsKnown || like.Rank == 0)
        {
            throw new ModelException(
                $"Random numbers of shape {shape} for each sample of {like.Shape}: expected known dimensions, and a tensor with samples.");
        }

        // Only the shape is read: one element per sample, broadcast to a draw.
        var sample = Ops.Cast(like, DType.Float32);
        for (var axis = 1; axis < like.Rank; axis++) sample = Ops.Slice(sample, axis, 0, 1);
        sample = Ops.Reshape(sample, [-1, .. Enumerable.Repeat(1, shape.Rank)]);
        return Ops.Make(op, sample + Ops.Filled(shape, 0));
    }
}

/// <summary>A weight and the gradient of a loss with respect to it.</summary>
/// <param name="Path">The weight's full name: <c>dense/kernel</c>.</param>
/// <param name="Weight">The weight.</param>
/// <param name="Gradient">A tensor of its shape.</param>
public sealed record WeightGradient(string Path, Weight Weight, SymbolicTensor Gradient);
