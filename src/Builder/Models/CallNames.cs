using System.Globalization;

namespace OnnxFunctional;

/// <summary>The names of layer calls in the file: the layer's path in the model; further calls of a shared layer are numbered.</summary>
internal sealed class CallNames
{
    private readonly Dictionary<LayerCall, string> _names = [];
    private readonly Dictionary<string, int> _calls = [];
    private readonly Dictionary<LayerCall, string> _outermost = [];

    public CallNames(Model? model)
    {
        foreach (var step in model?.Steps ?? [])
        {
            if (step.Call is { } call) _outermost[call] = step.Name;
        }
    }

    /// <summary>The name of a layer call: <c>encoder/dense</c>, <c>encoder/dense/call_1</c>.</summary>
    public string Of(LayerCall call)
    {
        if (_names.TryGetValue(call, out var known)) return known;
        var path = PathOf(call);
        var count = _calls[path] = _calls.GetValueOrDefault(path) + 1;
        return _names[call] = count == 1 ? path : path + "/call_" + (count - 1).ToString(CultureInfo.InvariantCulture);
    }

    private string PathOf(LayerCall call)
    {
        if (_outermost.TryGetValue(call, out var name)) return name;
        if (call.Parent is not { } parent) return call.Layer.Name;
        return PathOf(parent) + "/" + (parent.Layer.IsInside(call.Layer) ? parent.Layer.NameOf(call.Layer) : call.Layer.Name);
    }
}
