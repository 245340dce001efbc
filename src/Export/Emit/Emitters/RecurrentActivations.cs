using OnnxFunctional.Export.Proto;
using OnnxFunctional.Operators;

namespace OnnxFunctional.Export.Emit.Emitters;

/// <summary>The activations of a recurrent node as ONNX attributes.</summary>
internal static class RecurrentActivations
{
    /// <summary>
    /// Whether ONNX Runtime's recurrent operators compute all of them: they do not know Selu, and their Softplus overflows above 88, which the
    /// operator of that name does not.
    /// </summary>
    public static bool Known(RecurrentOp op) => Of(op).All(activation => activation is not (GateActivation.Selu or GateActivation.Softplus));

    /// <summary>Names and parameters for each direction; none for ONNX's defaults, because CUDA rejects the attribute.</summary>
    public static IEnumerable<AttributeProto> Attributes(RecurrentOp op, int directions)
    {
        GateActivation[] usual = op switch
        {
            Lstm => [GateActivation.Sigmoid, GateActivation.Tanh, GateActivation.Tanh],
            Gru => [GateActivation.Sigmoid, GateActivation.Tanh],
            _ => [GateActivation.Tanh],
        };
        var chosen = Of(op);
        if (chosen.SequenceEqual(usual)) yield break;
        var all = Enumerable.Repeat(chosen, directions).SelectMany(activations => activations).Select(Words).ToArray();
        yield return Proto.Attributes.Texts("activations", all.Select(activation => activation.Name));

        // Parameters are assigned in order to the functions that take one.
        float[] alphas = [.. all.Where(activation => activation.Alpha is not null).Select(activation => activation.Alpha!.Value)];
        float[] betas = [.. all.Where(activation => activation.Beta is not null).Select(activation => activation.Beta!.Value)];
        if (alphas.Length > 0) yield return Proto.Attributes.Floats("activation_alpha", alphas);
        if (betas.Length > 0) yield return Proto.Attributes.Floats("activation_beta", betas);
    }

    private static GateActivation[] Of(RecurrentOp op) => op switch
    {
        Lstm lstm => [lstm.RecurrentActivation, lstm.Activation, lstm.Activation],
        Gru gru => [gru.RecurrentActivation, gru.Activation],
        Rnn rnn => [rnn.Activation],
        _ => throw new ArgumentOutOfRangeException(nameof(op), op, "Not a recurrent operator."),
    };

    private static (string Name, float? Alpha, float? Beta) Words(GateActivation activation) => activation switch
    {
        GateActivation.Linear => ("Affine", 1, 0),
        GateActivation.Tanh => ("Tanh", null, null),
        GateActivation.Sigmoid => ("Sigmoid", null, null),
        GateActivation.HardSigmoid => ("HardSigmoid", 1f / 6, 0.5f),
        GateActivation.Relu => ("Relu", null, null),
        GateActivation.Elu => ("Elu", 1, null),
        GateActivation.Softsign => ("Softsign", null, null),
        _ => throw new ArgumentOutOfRangeException(nameof(activation), activation, "ONNX Runtime's recurrent operators do not support it."),
    };
}
