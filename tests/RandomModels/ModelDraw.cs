using System.Globalization;
using OnnxFunctional.Layers;
using OnnxFunctional.Serialization;

namespace OnnxFunctional.Tests.RandomModels;

/// <summary>A model that follows from a recipe: layers, functions, nested models and shared layers on tensors that exist before them.</summary>
internal sealed class ModelDraw
{
    /// <summary>Integers of inputs are below this, so that they are indices into every table.</summary>
    public const int Classes = 5;

    private const int MostElements = 2000;

    private readonly Recipe _recipe;
    private readonly ObjectDraw _objects;
    private readonly List<SymbolicTensor> _tensors = [];
    private readonly List<SymbolicTensor> _inputs = [];
    private readonly List<(LayerBase Layer, SymbolicTensor Input, string Name)> _layers = [];
    private readonly HashSet<SymbolicTensor> _read = [];
    private readonly List<string> _lines = [];
    private readonly int? _batchSize;
    private readonly int _depth;

    private ModelDraw(Recipe recipe, ObjectDraw objects, int? batchSize, int depth)
    {
        (_recipe, _objects, _batchSize, _depth) = (recipe, objects, batchSize, depth);
    }

    /// <summary>The model.</summary>
    public Model Model { get; private set; } = null!;

    /// <summary>The batch size that the model's inputs state, if they do.</summary>
    public int? BatchSize => _batchSize;

    /// <summary>One line per step.</summary>
    public IReadOnlyList<string> Description => _lines;

    /// <summary>What was not built, because a layer refused its options or tensors: the messages.</summary>
    public List<string> Refusals { get; } = [];

    /// <summary>The paths of options that a recipe may leave at their defaults.</summary>
    public IReadOnlyList<string> Paths => _objects.Paths;

    /// <summary>Classes and options that were drawn.</summary>
    public IReadOnlyCollection<string> Reached => _objects.Reached;

    /// <summary>Builds the model; the same recipe gives the same model with the same first weights.</summary>
    public static ModelDraw Of(Recipe recipe)
    {
        var head = new Draw(recipe.Head);
        int? batchSize = head.For("stateful").Chance(0.1) ? head.For("batch").Between(1, 3) : null;
        var made = new ModelDraw(recipe, new ObjectDraw(recipe, batchSize is not null), batchSize, 0);
        made.Build(head);
        return made;
    }

    private void Build(Draw head)
    {
        for (var i = 0; i < _recipe.Steps.Length; i++)
        {
            var step = new Draw(_recipe.Steps[i]);
            TryStep(step, i.ToString(CultureInfo.InvariantCulture));
        }

        if (_tensors.Count == 0) NewInput(head.For("input"), 2, DType.Float32);
        Finish(head.For("outputs"), seed: _recipe.Head % 1000);
    }

    private void Finish(Draw draw, ulong seed)
    {
        var outputs = _tensors.Where(tensor => !_read.Contains(tensor)).ToList();

        // Some are read by nothing: an output of a nested model, a state, the scores of an attention. Files need all inputs of a call even so.
        var all = Ancestors(outputs);
        for (var i = outputs.Count - 1; _depth == 0 && i >= 0 && outputs.Count > 1; i--)
        {
            if (draw.For("unread" + i).Chance(0.2) && Ancestors(outputs.Where((_, j) => j != i)).Count == all.Count) outputs.RemoveAt(i);
        }

        for (var i = 0; i < outputs.Count; i++)
        {
            var own = draw.For("output" + i);
            var x = outputs[i];
            if (x.DType != DType.Float32) x = Ops.Cast(x, DType.Float32);
            if (x.Rank > 1 && x.Shape[^1] is not null && own.Chance(_depth == 0 ? 0.6 : 0.2) && !Plain("dense" + i)) x = new Dense(own.Size()).Call(x);
            if (_depth == 0 && x.Rank > 1 && x.Shape[^1] is > 1 && own.For("shares").Chance(0.3) && !Plain("softmax" + i)) x = Ops.Softmax(x);
            outputs[i] = x;
        }

        var inputs = Ancestors(outputs);
        SymbolicTensor[] used = [.. _inputs.Where(inputs.Contains)];
        Model = new Model(used, outputs.ToArray(), _depth == 0 ? "random" : null, seed);
        _lines.Add($"outputs: {string.Join(", ", Model.OutputNames.Zip(outputs, (name, output) => $"{name} {output.Shape}"))}");
    }

    /// <summary>Whether the recipe leaves out what ends an output.</summary>
    private bool Plain(string end)
    {
        var path = _depth == 0 ? "outputs/" + end : "inner/" + end;
        if (_recipe.Plain.Contains(path)) return true;
        _objects.Paths.Add(path);
        return false;
    }

    private HashSet<SymbolicTensor> Ancestors(IEnumerable<SymbolicTensor> outputs)
    {
        var seen = new HashSet<Value>();
        var waiting = new Stack<Value>(outputs.Select(output => output.Value));
        while (waiting.TryPop(out var value))
        {
            if (!seen.Add(value)) continue;
            foreach (var input in value.Producer.Inputs) waiting.Push(input);
        }

        return [.. _inputs.Where(input => seen.Contains(input.Value))];
    }

    private void TryStep(Draw draw, string path)
    {
        try
        {
            Step(draw, path);
        }
        catch (ModelException refusal)
        {
            Refusals.Add(refusal.Message);
        }
        catch (TooLargeException)
        {
            // The step is left out.
        }
    }

    private void Step(Draw draw, string path)
    {
        switch (draw.For("kind").Below(20))
        {
            case 0 or 1 or 2:
                var x = Existing(draw, tensor => tensor.DType == DType.Float32 && tensor.Rank > 1) ?? NewInput(draw, draw.Between(2, 5), DType.Float32);
                var (result, text) = FunctionDraw.Apply(x, draw.For("function"));
                Add(path, text, [x], [result]);
                break;
            case 3 when _depth < 2:
                Nested(draw, path);
                break;
            case 4 when _layers.Count > 0:
                var (layer, input, name) = draw.Of(_layers);
                var again = Existing(draw, tensor => tensor.Shape == input.Shape && tensor.DType == input.DType && !tensor.Equals(input)) ?? input;
                again = Ids(again);
                Add(path, $"{name} again", [again], layer.CallAll(again, CallOptions.None));
                break;
            default:
                Layer(draw, path);
                break;
        }
    }

    private void Layer(Draw draw, string path)
    {
        // Mostly a layer that takes what the last steps made, so that layers follow each other.
        var last = _tensors.Count > 0 ? draw.Of<SymbolicTensor>([.. _tensors.TakeLast(3)]) : null;
        LayerForm[] fitting = last is null ? [] : [.. ObjectDraw.Forms.Where(form => form.Rank == last.Rank && form.Input == last.DType)];
        var type = draw.Of<KerasType>([.. (fitting.Length > 0 && draw.Chance(0.6) ? fitting : ObjectDraw.Forms).Select(form => form.Type).Distinct()]);
        var forms = ObjectDraw.Forms.Where(form => form.Type == type).ToArray();
        var form = draw.Of(forms.Where(fitting.Contains).DefaultIfEmpty(draw.Of(forms)).ToArray());
        var x = last is not null && last.Rank == form.Rank && last.DType == form.Input ? last : Tensor(draw.For("x"), form.Rank, form.Input);
        x = Ids(x);

        // A cell over an unknown number of steps is one loop, another form than steps that are written out.
        if ((type.Name == "RNN" || type.Name.StartsWith("ConvLSTM", StringComparison.Ordinal)) && x.Shape[1] is not null && draw.For("open").Chance(0.5))
        {
            bool IsOpen(SymbolicTensor tensor) =>
                tensor.DType == x.DType && tensor.Rank == x.Rank && tensor.Shape[1] is null && tensor.Shape.Skip(2).All(size => size is not null);
            x = Existing(draw.For("open x"), IsOpen) ?? Take(x.Shape.With(1, Shape.Unknown), x.DType);
        }

        var inputs = form.Inputs == 1 ? [x] : CallDraw.Inputs(form, x, draw.For("inputs"), _tensors);
        var (layer, text) = _objects.Make(type, x.Shape, draw.For("options"), path, CallDraw.Given(form, inputs, draw.For("given")));
        var (all, options, call) = CallDraw.Options(form, (LayerBase)layer, inputs, draw.For("call"), _tensors);
        var outputs = ((LayerBase)layer).CallAll(all, options);
        Add(path, text + call, all, outputs);
        if (all.Length == 1 && options == CallOptions.None) _layers.Add(((LayerBase)layer, x, type.Name + " of " + path));
    }

    /// <summary>A model of its own on some of the tensors, functional or Sequential, sometimes called twice.</summary>
    private void Nested(Draw draw, string path)
    {
        var x = Existing(draw, tensor => tensor.DType == DType.Float32 && tensor.Rank > 1) ?? NewInput(draw, draw.Between(2, 4), DType.Float32);
        var second = draw.For("second").Chance(0.4)
            ? Existing(draw.For("other"), tensor => tensor.DType == DType.Float32 && tensor.Rank > 1 && !tensor.Equals(x))
            : null;
        Model model;
        IReadOnlyList<string> lines;
        if (second is null && draw.For("sequential").Chance(0.4))
        {
            (model, var text) = Sequential(x, draw, path);
            lines = [text];
        }
        else
        {
            var steps = draw.For("steps");
            var inner = new ModelDraw(_recipe with { Steps = [] }, _objects, _batchSize, _depth + 1);
            foreach (var tensor in second is null ? [x] : new[] { x, second }) inner.Take(tensor.Shape);
            for (var i = steps.Between(1, 4); i > 0; i--)
                inner.TryStep(steps.For("step" + i), path + "/" + i);
            Refusals.AddRange(inner.Refusals);
            inner.Finish(draw.For("inner"), 0);
            (model, lines) = (inner.Model, inner.Description);
        }

        // New inputs of the nested model become inputs of this one.
        SymbolicTensor[] known = second is null ? [x] : [x, second];
        SymbolicTensor[] given = [.. model.Inputs.Select(input =>
            Array.Find(known, tensor => tensor.Shape == input.Shape && tensor.DType == input.DType) ?? Take(input.Shape, input.DType))];
        Add(path, "Model { " + string.Join("; ", lines) + " }", given, model.CallAll(given, CallOptions.None));
        if (draw.For("twice").Chance(0.3))
        {
            SymbolicTensor[] others = [.. given.Select(tensor => Ids(
                Existing(draw.For("again"), other => other.Shape == tensor.Shape && other.DType == tensor.DType && !other.Equals(tensor)) ?? tensor))];
            Add(path, "the same model again", others, model.CallAll(others, CallOptions.None));
        }
    }

    private (Model Model, string Text) Sequential(SymbolicTensor x, Draw draw, string path)
    {
        var input = Model.Input(x.Shape.Slice(1, x.Rank - 1), x.DType, batchSize: x.Shape[0]);
        var (layers, texts, last) = (new List<Layer>(), new List<string>(), input);
        for (var i = draw.Between(1, 3); i > 0; i--)
        {
            var types = ObjectDraw.Forms
                .Where(form => form.Rank == last.Rank && form.Inputs == 1 && form.Input == last.DType && typeof(Layer).IsAssignableFrom(form.Type.Type))
                .Select(form => form.Type).Distinct().ToArray();
            if (types.Length == 0) break;
            // One layer to find the shape of the result, and an equal one for the model, which calls it itself.
            var results = ((Layer)Made().Value).CallAll(last, CallOptions.None);
            if (results.Count > 1) break;
            var (layer, text) = Made();
            layers.Add((Layer)layer);
            texts.Add(text);
            last = results[0];

            (object Value, string Text) Made()
            {
                var own = draw.For("layer" + i);
                return _objects.Make(own.Of(types), last.Shape, own, path + "/" + i);
            }
        }

        if (layers.Count == 0) layers.Add(new Layers.Identity());
        return (new Sequential(input, [.. layers]), "Sequential: " + string.Join(", ", texts));
    }

    /// <summary>Integers that are ids: inputs are, and computed ones, such as a lookup's tokens, are cut to their range.</summary>
    private SymbolicTensor Ids(SymbolicTensor x) =>
        x.DType == DType.Float32 || _inputs.Contains(x) ? x : Ops.Cast(Ops.Clip(Ops.Cast(x, DType.Float32), 0, Classes - 1), x.DType);

    private SymbolicTensor? Existing(Draw draw, Func<SymbolicTensor, bool> fits)
    {
        SymbolicTensor[] found = [.. _tensors.Where(fits)];
        return found.Length == 0 ? null : draw.Of<SymbolicTensor>([.. found, .. found.TakeLast(2)]);
    }

    /// <summary>A tensor of a rank and type: an existing one, one reshaped, or a new input.</summary>
    private SymbolicTensor Tensor(Draw draw, int rank, DType type)
    {
        if (draw.Chance(0.75) && Existing(draw, tensor => tensor.Rank == rank && tensor.DType == type) is { } found) return found;
        if (type == DType.Float32 && draw.Chance(0.6)
            && Existing(draw, tensor => tensor.DType == DType.Float32 && tensor.Rank > 1 && tensor.Shape.Dims[1..].IndexOf(Shape.Unknown) < 0) is { } other)
        {
            var rest = other.Shape.Dims[1..].ToArray().Aggregate(1, (product, dim) => product * dim);
            var dims = new List<int>();
            for (var i = 1; i < rank - 1; i++)
            {
                dims.Add(draw.Of<int>([.. Enumerable.Range(1, rest).Where(number => rest % number == 0 && number <= 8)]));
                rest /= dims[^1];
            }

            var shaped = new Reshape(IntValues.Create([.. dims, rest])).Call(other);
            Add("", $"Reshape({string.Join(", ", dims)}, {rest})", [other], [shaped]);
            return shaped;
        }

        return NewInput(draw, rank, type);
    }

    private SymbolicTensor NewInput(Draw draw, int rank, DType type)
    {
        var dims = new int[rank - 1];
        for (var i = 0; i < dims.Length; i++)
        {
            dims[i] = draw.Size();
            if (rank > 3) dims[i] = Math.Min(dims[i], 9 - rank);
            if (i < dims.Length - 1 && draw.Chance(0.08)) dims[i] = Shape.Unknown;
        }

        return NewInput(draw, Shape.Of(dims).Insert(0, _batchSize ?? Shape.Unknown), type);
    }

    private SymbolicTensor NewInput(Draw draw, Shape shape, DType type)
    {
        if (type == DType.Int64 && draw.For("type").Chance(0.3)) type = DType.Int32;
        return Take(shape, type);
    }

    private SymbolicTensor Take(Shape shape, DType type = DType.Float32)
    {
        var input = Model.Input(shape.Slice(1, shape.Rank - 1), type, batchSize: shape[0]);
        _inputs.Add(input);
        _tensors.Add(input);
        _lines.Add($"t{_tensors.Count - 1} = Input {shape}{(type == DType.Float32 ? "" : " " + type)}");
        return input;
    }

    private void Add(string path, string text, IEnumerable<SymbolicTensor> inputs, SymbolicTensors outputs)
    {
        foreach (var output in outputs)
        {
            if (output.Rank < 1 || output.Shape.Dims[1..].ToArray().Aggregate(1L, (product, dim) => product * Math.Max(dim, 4)) > MostElements)
                throw new TooLargeException();
        }

        foreach (var input in inputs) _read.Add(input);
        var names = string.Join(", ", inputs.Select(input => _tensors.IndexOf(input) is var at && at >= 0 ? "t" + at : "(" + input + ")"));
        var first = _tensors.Count;
        _tensors.AddRange(outputs.Where(output => output.Rank > 1));
        var made = string.Join(", ", Enumerable.Range(first, _tensors.Count - first).Select(i => $"t{i} {_tensors[i].Shape}"));
        _lines.Add($"{(path.Length > 0 ? path + ": " : "")}{made} = {text} on {names}");
    }

    /// <summary>A step whose results would take too long to compute; it is left out.</summary>
    private sealed class TooLargeException : Exception;
}
