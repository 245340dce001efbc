using System.Globalization;
using System.Numerics.Tensors;
using OnnxFunctional.Training.Data;
using OnnxFunctional.Training.Engine;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training;

/// <summary>
/// A custom training step, for what Fit does not do: several optimizers, losses between models, distillation, gradients that are changed before they are
/// applied.
/// </summary>
/// <remarks>
/// A function describes once, over symbolic tensors, what a step computes; each call runs it on data. It is compiled like the steps of Fit: a warm call
/// allocates nothing, and results are bit-identical for any number of threads. Calls must not overlap. Keras:
/// https://keras.io/guides/custom_train_step_in_tensorflow/
/// </remarks>
/// <example><code>
/// var step = TrainingStep.From(step =>
/// {
///     var (x, y) = (step.Input([8]), step.Input([1]));
///     step.Minimize("loss", Loss.MeanSquaredError.Call(y, model.Call(x)), new Adam(), model);
/// });
/// Console.WriteLine(step.Run([features, targets])["loss"]);
/// </code></example>
public sealed class TrainingStep
{
    // Both halves are exact in float32, the one type of the arrays in the file.
    private const int HalfBits = 24;

    private readonly StepContext _context;
    private readonly IReadOnlyList<Value> _inputs;
    private readonly IReadOnlyList<Model> _models;
    private readonly ulong _seed;
    private readonly WorkerPool _pool;
    private readonly NDArray[] _data;
    private readonly PlanCache _plans;
    private readonly TensorSpec[] _specs;
    private readonly (Optimizer Optimizer, OptimizerState State)[] _optimizers;
    private readonly StepResults _results;

    private TrainingStep(StepContext context, ulong seed, int? threads)
    {
        _context = context;
        _inputs = context.Inputs;
        InputNames = context.InputNames;
        _data = new NDArray[_inputs.Count];
        _optimizers = [.. context.Optimizers];
        _results = new StepResults([.. context.Reports.Select(report => report.Name)]);
        _models = context.Models;
        _seed = seed;
        _pool = ModelEngine.PoolOf(_models, threads);
        _plans = new PlanCache(_models.Count > 0 ? ModelEngine.Of(_models[0]).Arenas : new ArenaPool());
        _specs = new TensorSpec[_inputs.Count];
    }

    /// <summary>The names of the inputs, in the order in which the function made them.</summary>
    public IReadOnlyList<string> InputNames { get; }

    /// <summary>The number of calls made.</summary>
    public long Iterations { get; private set; }

    /// <summary>
    /// Whether 3x3 convolutions of stride 1 may take the Winograd form in the step's models: see <see cref="Trainer.Winograd"/>. Set it before the first call.
    /// </summary>
    public bool Winograd
    {
        get => PlanOptions.Of(_models, _seed).Winograd;
        set
        {
            foreach (var model in _models) ModelEngine.Of(model).Winograd = value;
        }
    }

    /// <summary>Creates a step from a function.</summary>
    /// <param name="function">Called once. It makes inputs, calls models, and says what is minimized and reported.</param>
    /// <param name="seed">The seed of random numbers: noise, dropout.</param>
    /// <param name="threads">Threads of the engine, at most one per processor; default: all that the process may use. Results do not depend on it.</param>
    /// <exception cref="ModelException">The step changes no weight, or reads an input that is not its own.</exception>
    public static TrainingStep From(Action<StepContext> function, ulong seed = 0, int? threads = null)
    {
        ArgumentNullException.ThrowIfNull(function);
        if (threads is { } asked) WorkerPool.Checked(asked);
        var context = new StepContext();
        function(context);
        context.Close();
        return new TrainingStep(context, seed, threads);
    }

    /// <summary>Runs one step on data: updates weights and returns the reported values.</summary>
    /// <param name="data">One array per input, in the order of <see cref="InputNames"/> or by name, with the samples along the first axis.</param>
    /// <returns>The reported values by name. The next call overwrites them; copy what you keep.</returns>
    /// <exception cref="ModelException">
    /// The data does not fit or is not finite; another thread trains one of the models; or a loss is no longer finite: that call changed nothing, and the
    /// message says whether data, a layer, the loss, a gradient or an update made it.
    /// </exception>
    public IReadOnlyDictionary<string, double> Run(NDArrays data)
    {
        ArgumentNullException.ThrowIfNull(data);
        var begun = 0;
        try
        {
            for (; begun < _models.Count; begun++) ModelEngine.Of(_models[begun]).BeginTraining();
            return Step(data);
        }
        finally
        {
            while (begun > 0) ModelEngine.Of(_models[--begun]).EndTraining();
        }
    }

    private StepResults Step(NDArrays data)
    {
        Take(data);
        for (var i = 0; i < _specs.Length; i++) _specs[i] = new TensorSpec(_data[i].Shape, _data[i].DType);
        var key = new PlanKey("", _specs);
        if (!_plans.TryEnter(key, out var run)) run = _plans.Enter(key, new KeptPlan(Planned()));
        using (run) Compute(run.Plan);
        return _results;
    }

    private void Compute(ExecutionPlan plan)
    {
        for (var i = 0; i < _data.Length; i++) _data[i].CopyTo(plan.Inputs[i]);
        foreach (var (optimizer, state) in _optimizers) state.CheckCount(optimizer);
        var updated = plan.Run(_pool, (ulong)Iterations);
        for (var i = 0; i < plan.Outputs.Count; i++) _results.Set(i, plan.Outputs[i].Floats[0]);
        if (!updated) throw Diverged();
        foreach (var (_, state) in _optimizers) state.Count(Iterations);
        Iterations++;
    }

    /// <summary>The learning rate of an optimizer's next steps; if it follows a schedule, that of the last step.</summary>
    /// <param name="optimizer">An optimizer of the step.</param>
    /// <exception cref="ModelException">The optimizer does not belong to the step.</exception>
    public double GetLearningRate(Optimizer optimizer) => StateOf(optimizer).LearningRate.Storage[0];

    /// <summary>Sets the learning rate of an optimizer's next steps.</summary>
    /// <param name="optimizer">An optimizer of the step.</param>
    /// <param name="rate">The rate of the next steps.</param>
    /// <exception cref="ModelException">The optimizer does not belong to the step, or follows a schedule.</exception>
    public void SetLearningRate(Optimizer optimizer, double rate)
    {
        var state = StateOf(optimizer);
        if (!optimizer.LearningRate.IsConstant)
            throw new ModelException("The learning rate follows a schedule, so it cannot be set. Give the optimizer a plain number to set it.");
        if (!float.IsFinite((float)rate) || rate < 0) throw new ModelException($"The learning rate is set to {rate}; expected a finite rate of at least 0.");
        state.LearningRate.Storage[0] = (float)rate;
    }

    /// <summary>
    /// Writes all that the step changes to an .npz file: weights, optimizer states and the number of calls. After <see cref="Restore"/>, the same data gives
    /// the same bits on a processor with vectors of the same width.
    /// </summary>
    /// <param name="path">The file; an existing one is replaced once the new one is complete.</param>
    /// <exception cref="DataException">The file cannot be written.</exception>
    public void Save(string path)
    {
        float[] halves = [Iterations >> HalfBits, Iterations & ((1 << HalfBits) - 1)];
        var arrays = new OrderedDictionary<string, Tensor<float>> { ["iterations"] = Tensor.Create(halves, [2]) };
        foreach (var (name, weight) in State()) arrays.Add(name, weight.Value);
        Npz.Write(path, arrays);
    }

    /// <summary>Replaces the current state by a saved one.</summary>
    /// <param name="path">A file that <see cref="Save"/> wrote, of a step of the same function.</param>
    /// <exception cref="DataException">The file is missing or damaged, or belongs to another step; nothing is changed then.</exception>
    public void Restore(string path)
    {
        var arrays = Npz.ReadAll<float>(path);
        var state = State().ToList();
        if (state.Select(entry => entry.Name).Append("iterations").Except(arrays.Keys).Any() || arrays.Count != state.Count + 1)
        {
            throw new DataException(
                $"'{path}' was not saved by a step of this function: it holds {arrays.Count} arrays, among them {string.Join(", ", arrays.Keys.Take(3))}. "
                + "Save and restore with the same models and optimizers.");
        }

        foreach (var (name, weight) in state)
        {
            var expected = weight.Value;
            if (arrays[name].Lengths.SequenceEqual(expected.Lengths)) continue;
            throw new DataException(
                $"'{name}' in '{path}' has shape ({string.Join(", ", arrays[name].Lengths.ToArray())}), but {weight.Shape} is needed. "
                + "Restore into the models it was saved from.");
        }

        var halves = arrays["iterations"];
        if (!halves.Lengths.SequenceEqual([2]) || !IsHalf(halves[0]) || !IsHalf(halves[1]))
            throw new DataException($"'iterations' in '{path}' is damaged. Use an older copy of the file.");
        foreach (var (name, weight) in state) weight.Value = arrays[name];
        Iterations = ((long)halves[0] << HalfBits) + (long)halves[1];
        foreach (var (_, optimizer) in _optimizers) optimizer.Steps = Iterations;

        static bool IsHalf(float value) => value >= 0 && value < 1 << HalfBits && float.IsInteger(value);
    }

    /// <summary>Everything a call changes, under names that are the same for the same function.</summary>
    private IEnumerable<(string Name, Weight Weight)> State() =>
        _context.Updates.Select((update, i) => (i.ToString(CultureInfo.InvariantCulture) + "/" + update.Weight.Name, update.Weight));

    internal OptimizerState StateOf(Optimizer optimizer)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        foreach (var (known, state) in _optimizers)
        {
            if (ReferenceEquals(known, optimizer)) return state;
        }

        throw new ModelException($"This optimizer {optimizer.Name} does not belong to the step. Pass the object that was given to Minimize.");
    }

    private void Take(NDArrays data)
    {
        for (var i = 0; i < _data.Length; i++)
        {
            // No string is made unless it is needed: a warm call allocates nothing.
            if (data.Count != _data.Length || data.Find(InputNames[i], i) is not { } array)
            {
                throw new ModelException(
                    $"The step takes {_data.Length} arrays ({string.Join(", ", InputNames)}), but got {data.Count}"
                    + (data.Find(InputNames[i], i) is null ? $", none of them '{InputNames[i]}'" : "")
                    + ". Pass a list in that order, or a dictionary by name.");
            }

            var spec = _inputs[i].Spec;
            if (array.DType != spec.Type || array.Shape.Rank != spec.Shape.Rank) array = DataChecks.Fit(array, spec.Shape).To(spec.Type, InputNames[i]);
            if (!spec.Shape.IsCompatibleWith(array.Shape))
            {
                throw new ModelException(
                    $"Input '{InputNames[i]}' of the step takes {spec.Shape}, but the data is {array.Shape}. The first dimension counts samples.");
            }

            if (array.Count == 0) throw new ModelException($"Input '{InputNames[i]}' of the step holds no samples; expected at least one.");
            if (!array.IsFinite) DataChecks.Finite(array, $"Input '{InputNames[i]}' of the step");
            _data[i] = array;
        }
    }

    private ExecutionPlan Planned()
    {
        try
        {
            var request = new PlanRequest(PlanOptions.Of(_models, _seed), _inputs, [.. _context.Reports.Select(report => report.Value)], _context.Updates)
            {
                Memory = PlanMemory.Arena,

                // A call whose loss is not finite would make all weights NaN.
                MustBeFinite = [.. Enumerable.Range(0, _context.Reports.Count).Where(i => _context.Losses.Contains(_context.Reports[i].Name))],
            };
            return Planner.Plan(request, _specs);
        }
        catch (ModelException misfit) when (misfit is not ModelMemoryException)
        {
            var given = string.Join(", ", InputNames.Zip(_specs, (name, spec) => $"'{name}' {spec}"));
            throw new ModelException($"The step cannot run on {given}: {misfit.Message}", misfit);
        }
    }

    /// <summary>A loss is not finite; the call changed nothing.</summary>
    private ModelException Diverged()
    {
        var loss = Enumerable.Range(0, _results.Count).First(i => !double.IsFinite(_results.At(i)) && _context.Losses.Contains(_results.NameAt(i)));
        OptimizerState[] states = [.. _optimizers.Select(entry => entry.State)];
        var learned = _context.Updates.Select(update => update.Weight).Where(weight => weight.Owner is not null);
        var cause = NonFinite.Weights(learned.Select(weight => (_context.PathOf(weight), weight)), states) ?? Forward();
        return new ModelException(
            $"The loss '{_results.NameAt(loss)}' became {_results.At(loss)} in call {Iterations + 1} of the step, which changed nothing. {cause}"
            + NonFinite.Advice(isFloat16: false) + ".");

        string Forward()
        {
            var request = new PlanRequest(PlanOptions.Of(_models, _seed), _inputs, [.. _context.Reports.Select(report => report.Value)], []);
            return NonFinite.Forward(request, Array.ConvertAll(_data, array => new TensorSpec(array.Shape, array.DType)), _context.Examined(), plan =>
            {
                for (var i = 0; i < _data.Length; i++) _data[i].CopyTo(plan.Inputs[i]);
            }, _pool, (ulong)Iterations);
        }
    }
}
