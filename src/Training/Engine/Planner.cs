using System.Runtime.InteropServices;
using OnnxFunctional.Operators;
using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Kernels;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Training.Engine;

/// <summary>Turns a graph and concrete input shapes into an <see cref="ExecutionPlan"/>.</summary>
/// <remarks>It simplifies the graph, fuses and orders its nodes, finds the lifetimes of values, places them in one arena, and creates the kernels.</remarks>
internal sealed class Planner
{
    private readonly PlanRequest _request;
    private readonly Graph _graph;
    private readonly Dictionary<Value, Storage> _storages = [];
    private readonly Dictionary<Storage, Life> _lives = [];
    private readonly Dictionary<Weight, Storage> _weights = [];
    private readonly HashSet<Storage> _weightStorages = [];
    private readonly Dictionary<Value, Storage> _previousWeights = [];
    private readonly ArenaLayout _arena = new();
    private readonly List<Kernel> _kernels = [];
    private readonly List<(Storage Storage, TensorData Data)> _constants = [];
    private readonly RandomStreams _random;
    private Fusion _fusion = null!;
    private int _firstLate;

    private Planner(PlanRequest request)
    {
        _request = request;
        _graph = Graph.Between(request.Inputs, [.. request.Outputs, .. request.Updates.Select(update => update.Value)]);
        _random = RandomStreams.Of(_graph, request.Options.Seed, request.Original);
    }

    /// <summary>Makes the plan for inputs of the given shapes and types.</summary>
    /// <exception cref="ModelException">The shapes do not fit the graph, or an operator has no kernel.</exception>
    public static ExecutionPlan Plan(PlanRequest request, IReadOnlyList<TensorSpec> inputs) => new Planner(request).Plan(inputs);

    private ExecutionPlan Plan(IReadOnlyList<TensorSpec> specs)
    {
        foreach (var spec in specs)
        {
            if (ValueBuffer.FloatsFor(spec) > int.MaxValue / sizeof(float))
                throw new ModelException($"A batch of {spec} has more than {int.MaxValue:N0} bytes, which cannot be copied at once. Use a smaller batch size.");
        }

        var (stands, map) = new Simplifier(_request.FoldConstants ? Evaluate : null, _request.StopsForShards).Run(_graph, specs);
        var outputs = _request.Outputs.Select(output => map[output]).ToArray();
        var updates = RowUpdates.Of(stands, outputs, [.. _request.Updates.Select(update => (update.Weight, map[update.Value]))], map.Values);
        foreach (var (asked, update) in _request.Updates.Zip(updates)) map[asked.Value] = update.Value;
        var kept = outputs.Concat(updates.Select(update => update.Value)).ToArray();
        var nodes = Graph.Between(stands, kept).Nodes;

        _fusion = new Fusion(nodes, kept);
        var units = Ordered(_fusion.Units, outputs, updates);
        var position = units.Select((unit, i) => (unit, i)).ToDictionary(entry => entry.unit, entry => entry.i);
        var last = LastReads(units, outputs, updates);

        var brought = _request.BringsOutputs ? BringOutputs(outputs, units) : new bool[outputs.Length];
        foreach (var stand in stands)
        {
            if (_request.BringsInputs && stand.Spec.Type != DType.String) _storages[stand] = new Storage();
            else Place(stand, 0, last.GetValueOrDefault(stand, 0));
        }

        var copies = PlaceUpdates(updates, position, last);
        foreach (var unit in units)
        {
            Overwrite(unit, position[unit], last);
            foreach (var output in unit.Outputs)
            {
                if (!_storages.ContainsKey(output)) Place(output, position[unit], last.GetValueOrDefault(output, position[unit]));
            }
        }

        KeepPreviousWeights(kept, updates, units.Count);
        var firstUpdate = _kernels.Count + _firstLate;
        for (var i = 0; i < units.Count; i++) _kernels.Add(Create(units[i], i));
        foreach (var (weight, value) in copies) _kernels.Add(new CopyKernel(BufferAfterRun(value), WeightStorage(weight), weight.Length));

        var inputBuffers = stands.Select(stand => new ValueBuffer(stand.Spec, _storages[stand])).ToArray();
        var outputBuffers = outputs.Select(BufferAfterRun).ToArray();
        foreach (var (storage, life) in _lives) _arena.Add(storage, life.Floats, life.First, life.Last);
        var places = _arena.Place();
        var largest = _lives.Values.OrderByDescending(life => life.Floats).Take(MemoryShortage.Named)
            .Select(life => new MemoryRequest(life.Node.Op.Name, life.Node.Scope, life.Node.Outputs[0].Spec, life.Floats * sizeof(float))).ToArray();
        var plan = new ExecutionPlan(
            [.. _kernels],
            [.. _previousWeights.Keys.Select(CopyName), .. units.Select(unit => unit.ToString()), .. copies.Select(copy => CopyName(copy.Value))],
            [.. _weights.Select(entry => (entry.Key, entry.Value))],
            inputBuffers,
            outputBuffers,
            new PlanValues(places, _arena.Floats, _arena.SumOfValues, largest),
            _request.Memory == PlanMemory.None ? null : Constants(),
            firstUpdate,
            [.. _request.MustBeFinite.Select(output => outputBuffers[output])],
            brought,
            outputs.Select(output => _previousWeights.Count + (_fusion.ProducerOf(output) is { } unit ? position[unit] : -1)));
        if (_request.Memory == PlanMemory.Own) plan.UseOwn();
        _request.Trace?.Set(map, [.. _previousWeights.Keys.Select(Copied), .. units.Select(Traced), .. copies.Select(copy => Copied(copy.Value))]);
        return plan;
    }

    private TracedKernel Traced(Unit unit)
    {
        if (unit.Head is { Op: SetRows } set) return new TracedKernel(unit.Nodes, 2 * Bytes(set.Inputs[3]));

        // A conversion that the reader does itself is read as it lies in memory.
        var read = unit.Nodes.SelectMany(node => node.Inputs.Where((_, i) => !node.Op.ReadsOnlyShapeOf(i)).Select(input => (Root: _fusion.Root(input), node)))
            .Where(entry => !unit.Nodes.Contains(entry.Root.Producer))
            .GroupBy(entry => entry.Root, entry => entry.node)
            .Sum(readers => Math.Min(Bytes(readers.Key), readers.Sum(MostRead)));
        return new TracedKernel(unit.Nodes, read + unit.Outputs.Sum(Bytes));

        // Rows that are gathered may be few of a large table.
        static double MostRead(Node node) =>
            node.Op is MoveOp or Gather or GatherElements ? node.Outputs.Sum(Bytes) + node.Inputs.Skip(1).Sum(Bytes) : double.PositiveInfinity;
    }

    private static TracedKernel Copied(Value value) => new([], 2 * Bytes(value));

    private static string CopyName(Value value) => $"copy {value.Spec}";

    private static double Bytes(Value value) => sizeof(float) * (double)ValueBuffer.FloatsFor(value.Spec);

    /// <summary>
    /// The units in the order they were begun, except that those that only serve weight updates come last: all others still read the old values.
    /// </summary>
    private List<Unit> Ordered(List<Unit> units, IReadOnlyList<Value> outputs, IReadOnlyList<(Weight Weight, Value Value)> updates)
    {
        var needed = new HashSet<Unit>();
        var stack = new Stack<Unit>();
        foreach (var output in outputs) Push(output);
        while (stack.TryPop(out var unit))
        {
            foreach (var input in unit.Inputs) Push(input);
        }

        // Units that compute gradients stay where they are; the chains that compute new values go to the end.
        var producers = updates.Select(update => _fusion.ProducerOf(update.Value)).OfType<Unit>();
        var late = new HashSet<Unit>(producers.Where(unit => WritesInPlace(unit) && !needed.Contains(unit)));
        bool changed;
        do
        {
            changed = false;
            foreach (var unit in units)
            {
                if (unit.Inputs.Any(input => _fusion.ProducerOf(input) is { } producer && late.Contains(producer))) changed |= late.Add(unit);
            }
        }
        while (changed);
        _firstLate = units.Count - late.Count;
        return [.. units.Where(unit => !late.Contains(unit)), .. units.Where(late.Contains)];

        void Push(Value value)
        {
            if (_fusion.ProducerOf(value) is { } unit && needed.Add(unit)) stack.Push(unit);
        }
    }

    /// <summary>Whether a unit can write over what it reads.</summary>
    private static bool WritesInPlace(Unit unit) => unit.IsChain || unit.Head.Op is SetRows;

    /// <summary>The position of the last unit that reads each value's memory; the number of units if it is read after the run.</summary>
    private Dictionary<Value, int> LastReads(List<Unit> units, IReadOnlyList<Value> outputs, IReadOnlyList<(Weight Weight, Value Value)> updates)
    {
        var last = new Dictionary<Value, int>();
        for (var i = 0; i < units.Count; i++)
        {
            foreach (var node in units[i].Nodes)
            {
                for (var j = 0; j < node.Inputs.Count; j++)
                {
                    if (!node.Op.ReadsOnlyShapeOf(j)) last[_fusion.Root(node.Inputs[j])] = i;
                }
            }
        }

        foreach (var value in outputs.Concat(updates.Select(update => update.Value))) last[_fusion.Root(value)] = units.Count;
        return last;
    }

    /// <summary>Lets units write new values of weights in place if nobody reads the old ones afterwards.</summary>
    /// <returns>The updates that are copied at the end instead.</returns>
    private List<(Weight Weight, Value Value)> PlaceUpdates(
        IReadOnlyList<(Weight Weight, Value Value)> updates, Dictionary<Unit, int> position, Dictionary<Value, int> last)
    {
        var copies = new List<(Weight Weight, Value Value)>();
        var lastOfWeight = new Dictionary<Weight, int>();
        foreach (var (value, read) in last)
        {
            if (value.Producer.Op is Variable { Weight: var weight }) lastOfWeight[weight] = read;
        }

        foreach (var (weight, value) in updates)
        {
            var unit = _fusion.ProducerOf(value);
            var isOwn = unit is not null && WritesInPlace(unit) && ReferenceEquals(_fusion.Root(value), value) && !_storages.ContainsKey(value);
            var oldIsRead = lastOfWeight.TryGetValue(weight, out var read);
            var readHere = unit is not null && oldIsRead && read == position[unit] && ReadsAsItLies(unit, weight, value);
            var isChecked = _request.MustBeFinite.Count == 0 || (unit is not null && position[unit] >= _firstLate);
            if (isOwn && isChecked && (!oldIsRead || read < position[unit!] || readHere)) _storages[value] = WeightStorage(weight);
            else copies.Add((weight, value));
        }

        return copies;

        // Whether the unit reads element i of the weight only to write element i.
        bool ReadsAsItLies(Unit unit, Weight weight, Value value) => unit.Inputs
            .Where(input => _fusion.Root(input).Producer.Op is Variable variable && variable.Weight == weight)
            .All(input => input.Producer.Op is Variable && input.Spec == value.Spec);
    }

    /// <summary>Copies, before anything else runs, weights that are updated and whose previous values are also outputs or other weights' new values.</summary>
    private void KeepPreviousWeights(IReadOnlyList<Value> kept, IReadOnlyList<(Weight Weight, Value Value)> updates, int end)
    {
        var updated = updates.Select(update => update.Weight).ToHashSet();
        foreach (var root in kept.Select(_fusion.Root).Distinct())
        {
            if (root.Producer.Op is not Variable { Weight: var weight } || !updated.Contains(weight)) continue;
            var storage = new Storage();
            _previousWeights[root] = storage;
            _lives[storage] = new Life(weight.Length, 0, end, root.Producer);
            _kernels.Add(new CopyKernel(BufferOf(root), storage, weight.Length));
        }
    }

    /// <summary>The buffer to read after the run: for an updated weight, the copy of its previous values.</summary>
    private ValueBuffer BufferAfterRun(Value value) =>
        _previousWeights.TryGetValue(_fusion.Root(value), out var storage) ? new ValueBuffer(value.Spec, storage) : BufferOf(value);

    /// <summary>Gives outputs of a chain the memory of inputs that are read here for the last time.</summary>
    private void Overwrite(Unit unit, int here, Dictionary<Value, int> last)
    {
        if (!unit.IsChain) return;
        foreach (var output in unit.Outputs)
        {
            if (_storages.ContainsKey(output)) continue;
            foreach (var input in unit.Inputs)
            {
                var root = _fusion.Root(input);
                if (input.Spec.Shape != output.Spec.Shape || root.Spec.Type.Size() != output.Spec.Type.Size()) continue;
                if (root.Producer.Op is SourceOp || last.GetValueOrDefault(root) != here) continue;
                if (!_storages.TryGetValue(root, out var storage) || _weightStorages.Contains(storage)) continue;
                if (unit.Inputs.Count(other => ReferenceEquals(_fusion.Root(other), root)) > 1) continue;
                if (unit.Outputs.Any(other => _storages.GetValueOrDefault(other) == storage)) continue;
                _storages[output] = storage;
                _lives[storage] = _lives[storage] with { Last = Math.Max(_lives[storage].Last, last.GetValueOrDefault(output, here)) };
                break;
            }
        }
    }

    /// <summary>Leaves the memory of outputs to the caller, who may change it as soon as they are there: of those that nothing else is or reads.</summary>
    /// <returns>Which outputs these are.</returns>
    private bool[] BringOutputs(Value[] outputs, List<Unit> units)
    {
        var read = outputs.Concat(units.SelectMany(unit => unit.Inputs)).CountBy(_fusion.Root).ToDictionary();
        return Array.ConvertAll(outputs, output =>
        {
            var isOwn = ReferenceEquals(_fusion.Root(output), output) && read[output] == 1 && _fusion.ProducerOf(output) is not null;
            return isOwn && output.Spec.Type != DType.String && _storages.TryAdd(output, new Storage());
        });
    }

    private void Place(Value value, int first, int last)
    {
        if (value.Spec.Type == DType.String)
        {
            var strings = new string[Sizes.Count(value.Spec.Shape, "A batch of text", "Use a smaller batch size.")];
            Array.Fill(strings, "");
            _storages[value] = new Storage { Strings = strings };
            return;
        }

        var storage = new Storage();
        _storages[value] = storage;
        _lives[storage] = new Life(KernelTable.OpaqueFloats(value) ?? ValueBuffer.FloatsFor(value.Spec), first, last, value.Producer);
    }

    private Kernel Create(Unit unit, int here)
    {
        if (unit.IsChain) return ElementwiseKernel.Create(unit, unit.Inputs.Select(BufferOf).ToArray(), unit.Outputs.Select(BufferOf).ToArray(), _random);
        var head = unit.Head;
        var outputs = head.Outputs.Select(output => unit.Outputs.Contains(output) ? BufferOf(output) : null).ToArray();
        if (unit.Nodes.Count > 1 && unit.BiasGradient is null) outputs[0] = BufferOf(unit.Nodes[^1].Outputs[0]);
        var epilogue = unit.Nodes.Count == 1
            ? Epilogue.None
            : new Epilogue(BufferOrNull(unit.Bias), BufferOrNull(unit.Addend), unit.Activation, BufferOrNull(unit.BiasGradient));
        var request = new KernelRequest(head, [.. head.Inputs.Select(BufferOf)], outputs, epilogue) { Random = _random, Winograd = _request.Options.Winograd };
        var kernel = StagedKernel.IsNeeded(unit, request) ? StagedKernel.Create(unit, request, _request.Options.PieceBytes) : KernelTable.Create(request);
        foreach (var (storage, floats) in request.ScratchMemory) _lives[storage] = new Life(floats, here, here, head);
        return kernel;
    }

    private ValueBuffer? BufferOrNull(Value? value) => value is null ? null : BufferOf(value);

    private ValueBuffer BufferOf(Value value)
    {
        // The type of the elements in memory, which may differ from the type that a reader declares.
        var root = _fusion.Root(value);
        var spec = value.Spec with { Type = root.Spec.Type };
        if (_storages.TryGetValue(root, out var storage)) return new ValueBuffer(spec, storage);
        switch (root.Producer.Op)
        {
            case Variable variable:
                return new ValueBuffer(spec, WeightStorage(variable.Weight));
            case Constant constant:
                _storages[root] = storage = new Storage();
                _constants.Add((storage, constant.Data));
                return new ValueBuffer(spec, storage);
            default:
                // Only its shape is read, so it has no memory.
                return new ValueBuffer(spec, new Storage());
        }
    }

    /// <summary>One memory for all constants; null if there are none.</summary>
    private NativeBlock? Constants()
    {
        var floats = _constants.Sum(constant => FloatsOf(constant.Data));
        if (floats == 0) return null;
        try
        {
            var block = EngineMemory.Allocate(floats);
            var offset = 0L;
            foreach (var (storage, data) in _constants)
            {
                storage.Place(block, offset, (int)FloatsOf(data));
                data.Bytes.CopyTo(MemoryMarshal.AsBytes(storage.Memory.Span));
                offset += FloatsOf(data);
            }

            return block;
        }
        catch (OutOfMemoryException failure)
        {
            throw MemoryShortage.Of(
                "the constants of the graph",
                floats * sizeof(float),
                _constants.Select(constant => constant.Data).OrderByDescending(data => data.Bytes.Length).Take(MemoryShortage.Named)
                    .Select(data => new MemoryRequest("constant", null, new TensorSpec(data.Shape, data.Type), data.Bytes.Length)),
                failure);
        }

        static long FloatsOf(TensorData data) => ArenaLayout.Aligned((data.Bytes.Length + sizeof(float) - 1) / sizeof(float));
    }

    private Storage WeightStorage(Weight weight)
    {
        if (_weights.TryGetValue(weight, out var storage)) return storage;
        _weights[weight] = storage = new Storage();
        _weightStorages.Add(storage);
        return storage;
    }

    /// <summary>Computes a node whose inputs are all constants, by a plan of its own.</summary>
    private IReadOnlyList<Value> Evaluate(Node node)
    {
        using var plan = Plan(new PlanRequest(_request.Options, [], node.Outputs, []) { FoldConstants = false }, []);
        using var pool = new WorkerPool(1);
        plan.Run(pool);
        return [.. plan.Outputs.Select(output => ConstantOf(TensorData.Create(output.Shape, output.Spec.Type, output.Bytes)))];

        Value ConstantOf(TensorData data) => Node.Create(new Constant(data), [], node.Scope).Outputs[0];
    }

    /// <summary>The memory that a value takes, the first and last unit that need it, and the node that computes it or works in it.</summary>
    private readonly record struct Life(long Floats, int First, int Last, Node Node);
}
