using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;

namespace OnnxFunctional.Serialization;

/// <summary>
/// What a description of a model may have at most. Reading refuses more, because a file is untrusted; writing refuses it too, so that what is saved can be
/// opened.
/// </summary>
internal static class ModelLimits
{
    /// <summary>Characters: a hundred times the largest architecture that comes with Keras.</summary>
    public const int TextLength = 1 << 26;

    public const int Layers = 20_000;

    /// <summary>Levels of JSON; a nested model takes three of them. The writer of .NET stops at 1000.</summary>
    public const int JsonDepth = 960;

    // A sample of 2^28 float32 values takes 1 GB.
    private const long SampleSize = 1L << 28;

    /// <summary>Rejects shapes too large for any machine before anything is computed from them.</summary>
    /// <exception cref="ModelException">The shape has too many elements.</exception>
    public static void RequireSize(Shape shape)
    {
        var count = 1L;
        foreach (var dim in shape.Dims)
        {
            count *= Math.Max(1, dim);
            if (count > SampleSize)
                throw new ModelException($"a tensor of shape {shape} has more than {SampleSize} elements per sample; expected a smaller one.");
        }
    }

    /// <summary>Ends a recursion over nested models before the thread's stack does.</summary>
    /// <exception cref="ModelException">Little of the stack is left.</exception>
    public static void RequireStack()
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
            throw new ModelException("its models are nested too deep for the stack of this thread. Use a thread with a larger stack, or nest fewer models.");
    }

    /// <exception cref="ModelException">The description could be written, but not read again.</exception>
    public static void RequireReadable(JsonObject description, string model)
    {
        var depth = 0;
        var objects = new Stack<(JsonNode Node, int Depth)>([(description, 1)]);
        while (objects.TryPop(out var top))
        {
            depth = Math.Max(depth, top.Depth);
            var items = top.Node is JsonObject entries ? entries.Select(entry => entry.Value) : (IEnumerable<JsonNode?>)top.Node.AsArray();
            foreach (var item in items)
            {
                if (item is JsonObject or JsonArray) objects.Push((item, top.Depth + 1));
            }
        }

        if (depth > JsonDepth)
        {
            throw new ModelException(
                $"Model '{model}' cannot be written: its description would have {depth} levels of JSON, and reading allows {JsonDepth}. "
                + "A model inside another takes three levels; nest fewer.");
        }
    }
}
