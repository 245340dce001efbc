using OnnxFunctional.Serialization;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.RandomModels;

/// <summary>What a model is trained with: an optimizer, a loss for each output, and data; all follow from the recipe.</summary>
internal sealed class TrainingDraw
{
    // Data holds runs of this value, which Masking and padded ids hide.
    private const float Padding = 0;

    private readonly Draw _draw;
    private readonly Model _model;
    private readonly int _open;
    private readonly IReadOnlyList<LossForm> _losses;

    private readonly Recipe _recipe;

    private TrainingDraw(ModelDraw made, Recipe recipe, Draw draw, int samples, IReadOnlyList<LossForm> losses)
    {
        (_model, _recipe, _draw, _losses) = (made.Model, recipe, draw, losses);
        Samples = made.BatchSize ?? samples;
        _open = draw.For("open").Of(3, 4, 5, 7, 9);
    }

    /// <summary>The number of samples of a batch.</summary>
    public int Samples { get; }

    /// <summary>Optimizer and losses in words.</summary>
    public string Description { get; private set; } = "";

    /// <summary>The paths of options that a recipe may leave at their defaults.</summary>
    public IReadOnlyList<string> Paths { get; private set; } = [];

    /// <summary>Classes and options that were drawn.</summary>
    public HashSet<string> Reached { get; } = [];

    public static TrainingDraw Of(ModelDraw made, Recipe recipe)
    {
        var draw = new Draw(recipe.Head).For("training");
        LossForm[] losses = [.. made.Model.Outputs.Select((output, i) => recipe.Plain.Contains("mse" + i)
            ? LossForm.MeanSquaredError
            : LossForm.Fitting(output, draw.For("loss" + i)))];
        return new(made, recipe, draw, draw.For("samples").Of(1, 2, 3, 3, 7, 17), losses);
    }

    /// <summary>The data of the inputs; another number gives another batch.</summary>
    public NDArray[] Inputs(int batch) =>
        [.. _model.Inputs.Select((input, i) => Data(input, _draw.For($"x{i} of {batch}")))];

    /// <summary>Targets of the outputs, in the shapes of what was predicted.</summary>
    public NDArray[] Targets(int batch, IEnumerable<Shape> shapes) =>
        [.. shapes.Select((shape, i) => _losses[i].Targets(shape, _draw.For($"y{i} of {batch}")))];

    /// <summary>Weights of the samples of a batch for all outputs; null if all count alike.</summary>
    public NDArray? SampleWeights(int batch)
    {
        if (_recipe.Plain.Contains("weights") || !_draw.For("weighted").Chance(0.4)) return null;
        var own = _draw.For("weights of " + batch);

        // The first sample counts, so that no sum of weights is 0, by which a mean divides.
        return NDArray.Create([.. Enumerable.Range(0, Samples).Select(i => i > 0 && own.Chance(0.2) ? 0 : own.Between(0.1f, 2f))], Shape.Of(Samples));
    }

    /// <summary>Weights of classes; null if the model has no single output with indices of classes.</summary>
    public Dictionary<int, double>? ClassWeights() =>
        _losses.Count == 1 && _losses[0].Type.Name == "SparseCategoricalCrossentropy" && _model.Outputs[0].Rank == 2
            ? new Dictionary<int, double> { [0] = _draw.For("class").Between(0.1f, 2f), [1] = 0.5f }
            : null;

    /// <summary>A trainer of a model that was made from the same recipe, or loaded from a file of it.</summary>
    public Trainer Compile(Model model, int threads, MixedPrecision precision = MixedPrecision.Float32)
    {
        var objects = new ObjectDraw(_recipe, false);
        KerasType[] optimizers = [.. CompileTypes.Optimizers.Values.OrderBy(type => type.Name, StringComparer.Ordinal)];
        var chosen = _recipe.Plain.Contains("sgd") ? CompileTypes.Optimizers["SGD"] : _draw.For("optimizer").Of(optimizers);
        objects.Paths.Add("sgd");
        var (optimizer, text) = objects.Make(chosen, Shape.Of(), _draw.For("optimizer options"), "optimizer");
        var losses = new Dictionary<string, Loss>();
        foreach (var (name, form, i) in model.OutputNames.Zip(_losses).Select((pair, i) => (pair.First, pair.Second, i)))
        {

            // What are no shares may add up to zero, by which a categorical loss would divide, or be negative where a focal loss takes a power.
            var given = form.Type.Find("from_logits") is not null && form.Type.Name != "BinaryCrossentropy"
                ? new Dictionary<string, object?> { ["from_logits"] = OnnxFunctional.Training.Losses.Targets.LogitsOfSoftmax(model.Outputs[i]) is null }
                : null;
            var (loss, lossText) = objects.Make(form.Type, model.Outputs[i].Shape, _draw.For("loss options" + i), "loss" + i, given);
            objects.Paths.Add("mse" + i);
            losses[name] = (Loss)loss;
            text += $", {name}: {lossText}";
        }

        var (metrics, weighted) = (Metrics(model, "metrics"), Metrics(model, "weighted metrics"));
        foreach (var (output, list) in metrics.Concat(weighted)) text += $", {output}: {string.Join(", ", list.Select(metric => metric.GetType().Name))}";
        if (SampleWeights(0) is not null) text += ", sample weights";
        objects.Paths.AddRange(["metrics", "weighted metrics", "weights"]);
        Description = text;
        Reached.UnionWith(objects.Reached);
        Paths = objects.Paths;
        return model.Compile((Optimizer)optimizer, losses, metrics: metrics, threads: threads, weightedMetrics: weighted, precision: precision);
    }

    private Dictionary<string, Metric[]> Metrics(Model model, string kind)
    {
        if (_recipe.Plain.Contains(kind)) return [];
        return model.OutputNames.Select((name, i) => (Name: name, List: MetricForm.Draw(_losses[i].Type.Name, model.Outputs[i].Shape, _draw.For(kind + i))))
            .Where(pair => pair.List.Length > 0)
            .ToDictionary(pair => pair.Name, pair => pair.List);
    }

    private NDArray Data(SymbolicTensor input, Draw draw)
    {
        var dims = input.Shape.Dims.ToArray();
        for (var axis = 0; axis < dims.Length; axis++)
        {
            if (dims[axis] == Shape.Unknown) dims[axis] = axis == 0 ? Samples : _open;
        }

        var shape = Shape.Of(dims);
        var count = (int)shape.ElementCount;
        var masked = Hidden(dims, draw.For("hidden"));
        if (input.DType == DType.Float32)
            return NDArray.Create([.. Enumerable.Range(0, count).Select(i => masked(i) ? Padding : draw.Between(-2f, 2f) + draw.Between(0f, 0.03f))], shape);
        long[] numbers = [.. Enumerable.Range(0, count).Select(i => masked(i) ? 0 : (long)draw.Below(ModelDraw.Classes))];
        return NDArray.Create(numbers, shape).To(input.DType, "data");
    }

    /// <summary>Which elements lie in steps that a mask would hide: at the end, at the start, in the middle, all of a sample, or none.</summary>
    private static Func<int, bool> Hidden(int[] dims, Draw draw)
    {
        if (dims.Length < 2 || draw.Chance(0.5)) return _ => false;
        var (steps, inner) = (dims[1], dims[2..].Aggregate(1, (product, dim) => product * dim));
        var hidden = new bool[dims[0] * steps];
        for (var sample = 0; sample < dims[0]; sample++)
        {
            var (kind, length) = (draw.Below(5), draw.Below(steps + 1));
            for (var step = 0; step < steps; step++)
            {
                hidden[(sample * steps) + step] = kind switch
                {
                    0 => step >= length,
                    1 => step < length,
                    2 => step == length,
                    3 => draw.Chance(0.1),
                    _ => false,
                };
            }
        }

        return i => hidden[i / inner];
    }
}
