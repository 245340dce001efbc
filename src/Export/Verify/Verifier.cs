using OnnxFunctional.Export.Emit;
using OnnxFunctional.Export.Layouts;
using OnnxFunctional.Export.Proto;
using OnnxFunctional.Export.Runtime;
using OnnxFunctional.Operators;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Engine;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Export.Verify;

/// <summary>
/// Compares the results of ONNX Runtime on a file with those of the engine on the
/// model: every layer's output, several batch sizes, graph optimizations off and on.
/// </summary>
/// <remarks>
/// Reading a layer's output keeps both sides from fusing across it. So the unchanged file is also compared with the engine on the model's outputs alone.
/// </remarks>
internal static class Verifier
{
    // Results of the engine up to this are kept for the next session; computing them again costs time, keeping those of an image network memory.
    private const long MostKept = 16 << 20;

    // Copies with noise after which a difference is an error if none of them has moved anything: more would cost a wrong file seconds. A tie is on the same
    // side in all of them for one element in 256.
    private const int Few = 8;

    /// <summary>Makes all comparisons.</summary>
    /// <exception cref="ExportException">A layer is out of tolerance; the message names the first and lists all.</exception>
    public static Verification Run(EmittedModel emitted, VerifiedFile file, ExportOptions options)
    {
        // A layer whose output is an input of the model computes nothing.
        EmittedLayer[] tensors = [.. emitted.Layers
            .Where(layer => emitted.Inputs.All(input => input.Name != layer.Tensor.Name))
            .Where(layer => !emitted.TakesOneSample || SampleBySample.AxisOf(layer) is not null)];
        var rounded = BehindRounding(emitted, tensors);
        LayerComparison[] layers = [.. tensors.Select(layer => new LayerComparison(
            layer.Path, layer.Value.Spec.Shape, options, isFromIntegers: rounded.Contains(layer.Value)))];
        LayerComparison[] outputs = [.. emitted.Outputs.Select(output => new LayerComparison("(output) " + output.Name, output.Value.Spec.Shape, options))];
        var budget = new VerificationBudget(emitted, tensors, options);
        var batches = VerificationBatches.Of(emitted, budget, options).ToList();
        HashSet<int>[] undefined = [.. batches.Select(_ => new HashSet<int>())];
        var givesBack = budget.IsLarge || file.IsConsiderable;
        var progress = new VerificationProgress(options, 2 * budget.Groups.Count, TimeProvider.System);

        foreach (var group in budget.Groups)
        {
            if (givesBack) FreeMemory.GiveBack();
            var kept = new NDArray[]?[batches.Count];
            var (compared, emittedLayers) = (layers[group], tensors[group]);
            Value[] values = [.. emittedLayers.Select(layer => layer.Value)];
            string[] names = [.. emittedLayers.Select(layer => layer.Tensor.Name)];
            foreach (var (optimization, run) in new[] { (GraphOptimization.None, "off"), (GraphOptimization.All, "on") })
            {
                using var session = file.With(names, optimization);
                for (var i = 0; i < batches.Count; i++)
                {
                    var each = kept[i] ?? Engine(emitted, values, batches[i].Data);
                    if (IsKept(each, batches.Count)) kept[i] = each;
                    var results = Onnx(session, emitted, batches[i].Data, names);
                    for (var layer = 0; layer < compared.Length; layer++)
                    {
                        var layout = emittedLayers[layer].Tensor.Layout;
                        compared[layer].Add(each[layer], results[layer], layout, $"{batches[i].Name}, optimizations {run}", undefined[i]);
                    }

                    Settle(compared, emitted, values, batches[i].Data, options, undefined[i]);
                    Check(layers, emitted.Proto);
                    (each, results) = ([], []);
                    if (budget.IsLarge) GC.Collect();
                }

                progress.Step($"{emittedLayers[0].Path} to {emittedLayers[^1].Path}, optimizations {run}");
            }
        }

        // Computed first, so that what planning takes does not lie beside the session, which is the largest: it packs weights.
        Value[] returned = [.. emitted.Outputs.Select(output => output.Value)];
        NDArray[]?[] ready = [.. batches.Select(batch => Engine(emitted, returned, batch.Data)).Select(each => IsKept(each, batches.Count) ? each : null)];
        if (givesBack) FreeMemory.GiveBack();
        using (var whole = file.Whole())
        {
            for (var i = 0; i < batches.Count; i++)
            {
                var last = ready[i] ?? Engine(emitted, returned, batches[i].Data);
                var results = Onnx(whole, emitted, batches[i].Data, [.. emitted.Outputs.Select(output => output.Name)]);
                for (var o = 0; o < outputs.Length; o++)
                    outputs[o].Add(last[o], results[o], Layout.Identity(last[o].Shape.Rank), batches[i].Name + ", the file as it is", undefined[i]);
                Settle(outputs, emitted, returned, batches[i].Data, options, undefined[i]);
                Check([.. layers, .. outputs], emitted.Proto);
            }
        }

        return new Verification([.. layers.Concat(outputs).Select(layer => layer.Result())], budget.Reduced)
            .Summarized(OrtSetup.Version, batches.Select(batch => batch.Name), options);
    }

    private static bool IsKept(NDArray[] results, int batches) => results.Sum(array => (long)array.Bytes.Length) <= MostKept / batches;

    /// <summary>The values that integers of rounding decide about: a NaN before it becomes any of them, and a range in which one takes part is none.</summary>
    private static HashSet<Value> BehindRounding(EmittedModel emitted, EmittedLayer[] layers)
    {
        var rounded = new HashSet<Value>();
        foreach (var node in Graph.Between([.. emitted.Inputs.Select(input => input.Value)], [.. layers.Select(layer => layer.Value)]).Nodes)
        {
            if (node.Op is QuantizeLinear or DynamicQuantizeLinear || node.Inputs.Any(rounded.Contains)) rounded.UnionWith(node.Outputs);
        }

        return rounded;
    }

    /// <summary>Ends the verification at the first batch in which a layer differs: more would only cost a wrong file the noise of all of them.</summary>
    /// <exception cref="ExportException">A layer is out of tolerance; the message names the first and lists those that were compared.</exception>
    private static void Check(LayerComparison[] layers, ModelProto file)
    {
        if (!layers.Any(layer => layer.HasFailed)) return;
        LayerDifference[] rows = [.. layers.Where(layer => layer.IsCompared).Select(layer => layer.Result())];
        var failure = rows.First(row => !row.IsWithinTolerance);
        throw new ExportException(
            $"ONNX Runtime differs from the engine, first at layer '{failure.Layer}': {failure.Where}. Nothing was written. "
            + $"Raise ExportOptions.AbsoluteTolerance if the difference is acceptable for values up to {failure.LargestValue:G4}."
            + SaturatingSums.RemedyFor(file)
            + Environment.NewLine + LayerDifference.Table(rows));
    }

    /// <summary>Decides about differences beyond the tolerance: they count unless rounding alone explains them.</summary>
    private static void Settle(
        LayerComparison[] layers, EmittedModel emitted, Value[] values, NDArray[] data, ExportOptions options, HashSet<int> undefined)
    {
        // Without a tolerance, the bits are asked for.
        if (layers.Any(layer => layer.Open > 0) && (options.AbsoluteTolerance > 0 || options.RelativeTolerance > 0))
        {
            var copies = 0;
            foreach (var twin in RoundedRuns.Of(emitted, values, data, request => Engine(emitted, request, data)))
            {
                for (var i = 0; i < layers.Length; i++) layers[i].Explain(twin[i]);
                if (layers.All(layer => layer.Open == 0) || (++copies == Few && !layers.Any(layer => layer.HasMoved))) break;
            }
        }

        foreach (var layer in layers) layer.Settle(undefined);
    }

    /// <summary>The values as the engine computes them; noise is that of the operators which the file holds.</summary>
    private static NDArray[] Engine(EmittedModel emitted, Value[] values, NDArray[] data)
    {
        Value[] inputs = [.. emitted.Inputs.Select(input => input.Value)];
        var run = Graph.Between(inputs, values).Rewrite(SpelledOut.Of);
        return Engine(emitted, new PlanRequest(PlanOptions.Of(emitted.Model, emitted.Model.Seed), inputs, [.. values.Select(value => run[value])], []), data);
    }

    private static NDArray[] Engine(EmittedModel emitted, PlanRequest request, NDArray[] data)
    {
        using var plan = Planner.Plan(request, [.. data.Select(array => new TensorSpec(array.Shape, array.DType))]);
        for (var i = 0; i < data.Length; i++) data[i].CopyTo(plan.Inputs[i]);
        plan.Run(ModelEngine.Of(emitted.Model).Pool);
        return [.. plan.Outputs.Select(Copy)];
    }

    /// <summary>A copy of an engine's result, as floats.</summary>
    private static NDArray Copy(ValueBuffer buffer) => NDArray.Create(
        buffer.Spec.Type switch
        {
            DType.Float32 => buffer.Floats.ToArray(),
            DType.Int64 => [.. buffer.Longs.ToArray().Select(number => (float)number)],
            DType.Int32 => [.. buffer.Ints.ToArray().Select(number => (float)number)],
            DType.Int8 => [.. buffer.Bytes.ToArray().Select(number => (float)(sbyte)number)],
            DType.UInt8 => [.. buffer.Bytes.ToArray().Select(number => (float)number)],
            DType.Bool => [.. buffer.Bools.ToArray().Select(truth => truth ? 1f : 0)],
            DType.String => TextSamples.Numbers(buffer.Strings),
            var type => throw new ExportException(
                $"A layer returns {type.KerasName()}, which cannot be compared. Set ExportOptions.Verify = false for such a model."),
        },
        buffer.Shape);

    private static OnnxValue ToOnnx(EmittedModel emitted, NDArray array, int input) =>
        emitted.Proto.Graph.Input[input].Type.TensorType.ElemType == (int)TensorProto.Types.DataType.Float16
            ? ArrayConversion.ToHalf(array)
            : ArrayConversion.ToOnnx(array);

    private static OnnxValue[] Onnx(OnnxSession session, EmittedModel emitted, NDArray[] data, string[] outputs)
    {
        try
        {
            string[] names = [.. emitted.Inputs.Select(input => input.Name)];
            if (!emitted.TakesOneSample) return session.Run(names, [.. data.Select((array, i) => ToOnnx(emitted, array, i))], outputs, CancellationToken.None);
            return SampleBySample.Run(emitted, data, outputs, row => session.Run(names, row, outputs, CancellationToken.None));
        }
        catch (ArgumentException misfit) when (misfit is not ModelException)
        {
            // Not the caller's input but ours, made for the model.
            throw new ExportException($"The graph of the file does not belong to its architecture: {misfit.Message} Export the model again.", misfit);
        }
    }
}
