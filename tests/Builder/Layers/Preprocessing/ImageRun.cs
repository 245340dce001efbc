using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Builder.Layers.Preprocessing;

/// <summary>Runs an image layer, in training or in inference.</summary>
internal static class ImageRun
{
    public static float[] InTraining(Layer layer, float[] images, params int[] shape) => Of(layer, images, shape, training: true);

    public static float[] InInference(Layer layer, float[] images, params int[] shape) => Of(layer, images, shape, training: false);

    /// <summary>Random images with values from 0 to 255, or to another number.</summary>
    public static float[] Images(int seed, float most, params int[] shape)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, shape.Aggregate((product, size) => product * size)).Select(_ => random.NextSingle() * most)];
    }

    public static void AreNear(float[] expected, float[] actual, double tolerance, string what = "")
    {
        Assert.HasCount(expected.Length, actual);
        for (var i = 0; i < expected.Length; i++) Assert.AreEqual(expected[i], actual[i], tolerance, $"{what} element {i}");
    }

    private static float[] Of(Layer layer, float[] images, int[] shape, bool training)
    {
        var input = Model.Input(Shape.Of(shape.AsSpan(1)));
        return new Model(input, layer.Call(input, training)).Predict(NDArray.Create(images, Shape.Of(shape))).ToArray();
    }
}
