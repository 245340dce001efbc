using OnnxFunctional.Layers;
using OnnxFunctional.Serialization;

namespace OnnxFunctional.Pruning;

/// <summary>Rebuilds a model without some channels: copies of its layers in the new sizes, called as before, with the remaining weights.</summary>
internal sealed class ModelRebuild(ChannelFlow flow, RemainingChannels remaining)
{
    private readonly Dictionary<LayerBase, LayerBase> _copies = [];

    public Model Run(Model model)
    {
        var copy = Rebuild(model, model.Name);
        var done = new HashSet<LayerBase>();
        CopyWeights(model, copy, done);
        foreach (var (output, made) in model.Outputs.Zip(copy.Outputs))
        {
            if (output.Shape != made.Shape)
                throw new ModelException($"Prune: the output {output.Shape} would become {made.Shape}. Name the layers before it in PruningOptions.Keep.");
        }

        return copy;
    }

    private Model Rebuild(Model model, string name)
    {
        var sizes = flow.SizesOf(model);
        var inputs = new SymbolicTensor[model.Inputs.Count];
        for (var i = 0; i < inputs.Length; i++)
        {
            var given = model.Inputs[i];
            var shape = sizes is null ? given.Shape : Smaller(given.Shape, sizes[i]);
            inputs[i] = new InputLayer(shape, given.DType, model.InputNames[i], IsFromFile(given)).Tensor;
        }

        Model copy;
        if (model is Sequential && model.Steps.Select(step => step.Layer).Distinct().Count() == model.Steps.Count)
        {
            copy = new Sequential(inputs[0], [.. model.Steps.Where(step => !step.IsInput).Select(step => (Layer)CopyOf(step.Layer!, model))], name, model.Seed);
        }
        else
        {
            var outputs = model.CallAnew(inputs, layer => CopyOf(layer, model))
                ?? throw new ModelException(
                    $"Prune: model '{model.Name}' contains tensors from within layers, which cannot be recreated. "
                    + "Build it from the tensors that layers return.");
            copy = Warnings.Silently(() => new Model(inputs, outputs, name, model.Seed));
        }

        copy.FixedInputs = model.FixedInputs;
        copy.Trainable = model.Trainable;

        // Setting it for a model sets it for the layers inside.
        foreach (var layer in model.Children)
        {
            if (_copies.TryGetValue(layer, out var made)) made.Trainable = layer.Trainable;
        }

        _copies[model] = copy;
        return copy;
    }

    private static bool IsFromFile(SymbolicTensor input) => input.Value.Producer.Op is Operators.Placeholder { Layer.IsFromFile: true };

    /// <summary>The copy of a layer; one for all its calls.</summary>
    private LayerBase CopyOf(LayerBase layer, LayerBase parent)
    {
        if (_copies.TryGetValue(layer, out var known)) return known;
        var name = parent.NameOf(layer);
        var copy = layer switch
        {
            Model model => Rebuild(model, name),
            OperatorLayer operators when flow.CallOf(operators) is { } call => operators.Computing(
                name, new SmallerCall(call, flow, remaining, weight => SmallerOf(weight, parent)).Build),
            _ when ChannelsOf(layer) is { } channels => MadeFromOptions(layer, name, (PrunableLayers.ChannelOption(layer), channels)),
            Reshape reshape when flow.SizesOf(reshape) is { } sizes => Resized(reshape, sizes[0], name),

            // These copy the layers they contain themselves.
            RecurrentLayer or RecurrentCell => layer.CopyUncalled(name),
            _ when layer.Children.Count > 0 => MadeFromOptions(layer, name),
            _ => layer.CopyUncalled(name),
        };
        copy.Trainable = layer.Trainable;
        _copies[layer] = copy;
        foreach (var weight in copy is OperatorLayer ? layer.OwnWeights : []) SmallerOf(weight, parent);
        return copy;
    }

    /// <summary>The smaller weight of a layer of operators, whichever of its readers is made again first.</summary>
    private Weight SmallerOf(Weight weight, LayerBase parent)
    {
        var kept = remaining.Indices(flow.OfWeight(weight), weight.Shape);
        var smaller = ((OperatorLayer)CopyOf(weight.Owner!, parent)).Resized(weight, Shape.Of([.. kept.Select(indices => indices.Length)]));
        RemainingChannels.Take(weight.Storage, weight.Shape.Dims, kept, smaller.Overwritten());
        return smaller;
    }

    /// <summary>
    /// Copies a layer through its constructor and properties: one that contains others, which a plain copy would share, or one that gets another size.
    /// </summary>
    private LayerBase MadeFromOptions(LayerBase layer, string name, (string Option, int Value)? changed = null)
    {
        var type = KerasRegistry.ByType.TryGetValue(layer.GetType(), out var known) ? known : KerasType.Custom(layer);
        if (type.HiddenParameters() is { Count: > 0 } hidden)
        {
            throw new ModelException(
                $"Prune: '{name}' ({layer.ClassName}) contains layers, and its constructor parameter '{hidden[0]}' has no public property of that name, "
                + "so it cannot be copied. Add the property.");
        }

        var values = new Dictionary<string, object?>();
        foreach (var member in type.Configuration)
        {
            var value = member.Property.GetValue(layer);
            if (value is IReadOnlyList<Layer> list && member.Property.PropertyType == typeof(IReadOnlyList<Layer>))
            {
                value = list.Select(inner => (Layer)CopyOf(inner, layer)).ToArray();
            }
            else if (value is IEnumerable<LayerBase>)
            {
                throw new ModelException(
                    $"Prune: '{name}' ({layer.ClassName}) contains a list of layers, {member.Property.Name}, and cannot be copied. "
                    + "Build it as a nested Model.");
            }

            values[member.Key] = value is LayerBase inner ? CopyOf(inner, layer) : member.Property.Name == changed?.Option ? changed.Value.Value : value;
        }

        return (LayerBase)type.Create(values, name);
    }

    private Reshape Resized(Reshape reshape, int[]?[] axes, string name)
    {
        var target = reshape.TargetShape.ToArray();
        for (var i = 0; i < target.Length; i++)
        {
            if (target[i] > 0) target[i] = remaining.Count(axes[i + 1], target[i]);
        }

        return new Reshape(IntValues.Create(target), name);
    }

    /// <summary>The remaining output channels of a layer; null if it keeps all.</summary>
    private int? ChannelsOf(LayerBase layer)
    {
        foreach (var weight in layer.OwnWeights)
        {
            if (PrunableLayers.AxesOf(layer, weight).Made is { } axis && flow.OfWeight(weight)[axis] is { } channels) return remaining.Count(channels);
        }

        return null;
    }

    private Shape Smaller(Shape shape, int[]?[] axes)
    {
        for (var axis = 0; axis < axes.Length; axis++) shape = axes[axis] is { } channels ? shape.With(axis, remaining.Count(channels)) : shape;
        return shape;
    }

    private void CopyWeights(LayerBase layer, LayerBase copy, HashSet<LayerBase> done)
    {
        if (!done.Add(layer)) return;
        foreach (var weight in layer.OwnWeights)
        {
            var target = copy.OwnWeights.FirstOrDefault(other => other.Name == weight.Name);
            var kept = remaining.Indices(flow.OfWeight(weight), weight.Shape);
            var shape = Shape.Of([.. kept.Select(indices => indices.Length)]);
            if (target is null || target.Shape != shape)
            {
                throw new ModelException(
                    $"Prune: weight '{weight.Name}' of '{layer.Name}' ({layer.ClassName}) should have shape {shape}, "
                    + $"but the rebuilt layer has {(target is null ? "no such weight" : target.Shape.ToString())}. "
                    + "Name the layers before it in PruningOptions.Keep.");
            }

            RemainingChannels.Take(weight.Storage, weight.Shape.Dims, kept, target.Overwritten());
        }

        foreach (var child in layer.Children)
        {
            // Some layers, such as Bidirectional, copy the layers given to their constructor once more.
            var other = (layer is Model ? _copies.GetValueOrDefault(child) : null)
                ?? copy.Children.FirstOrDefault(made => copy.NameOf(made) == layer.NameOf(child))
                ?? throw new ModelException(
                    $"Prune: the rebuilt '{layer.Name}' ({layer.ClassName}) has no layer '{layer.NameOf(child)}'. "
                    + "A layer must create the same inner layers whenever it is called.");
            CopyWeights(child, other, done);
        }
    }
}
