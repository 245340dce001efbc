using OnnxFunctional.Training.Execution;
using OnnxFunctional.Training.Kernels;
using OnnxFunctional.Training.Simd;

namespace OnnxFunctional.Tests.Training.Simd;

[TestClass]
[TestCategory("Kernels")]
public class PoolingTests
{
    [TestMethod]
    public void The_maximum_equals_plain_loops_forward_and_backward_for_all_geometries() => Check(isMaximum: true);

    [TestMethod]
    public void The_mean_equals_plain_loops_forward_and_backward_for_all_geometries() => Check(isMaximum: false);

    [TestMethod]
    public void NaN_is_the_maximum_and_takes_the_gradient()
    {
        using var pool = new WorkerPool(1);
        var geometry = PoolingGeometry.Create(1, 1, [4], [4], [4], [1], [0], [0]);
        float[] input = [1, float.NaN, 3, float.NaN];
        var (output, gradient) = (new float[1], new float[4]);
        new PoolingForward(geometry, isMaximum: true).Run(pool, input, output);
        new PoolingGradient(geometry, isMaximum: true).Run(pool, input, output, new float[] { 2 }, gradient);
        Assert.IsTrue(float.IsNaN(output[0]));
        CollectionAssert.AreEqual(new float[] { 0, 2, 0, 0 }, gradient);
    }

    [TestMethod]
    public void The_gradient_gives_the_same_bits_on_two_threads()
    {
        using var one = new WorkerPool(1);
        using var two = new WorkerPool(2);
        PoolingGeometry[] large =
        [
            PoolingGeometry.Create(3, 33, [50, 51], [3, 3], [2, 2], [1, 1], [1, 1], [1, 1]),
            PoolingGeometry.Create(1, 16, [20, 20, 31], [2, 3, 2], [1, 2, 2], [1, 1, 1], [0, 1, 0], [1, 1, 0]),
        ];
        foreach (var geometry in large)
        {
            foreach (var isMaximum in (bool[])[true, false])
            {
                var random = new Random(1);
                var input = new PoisonedMemory(geometry.InputLength, random);
                var gradient = new PoisonedMemory(geometry.OutputLength, random);
                CollectionAssert.AreEqual(
                    Run(one, geometry, isMaximum, input, gradient).Output.ToArray(), Run(two, geometry, isMaximum, input, gradient).Output.ToArray());
                CollectionAssert.AreEqual(
                    Run(one, geometry, isMaximum, input, gradient).Gradient.ToArray(), Run(two, geometry, isMaximum, input, gradient).Gradient.ToArray());
                Compare(geometry, isMaximum, input, gradient, Run(two, geometry, isMaximum, input, gradient));
            }
        }
    }

    private static void Check(bool isMaximum)
    {
        using var pool = new WorkerPool(1);
        foreach (var geometry in Cases())
        {
            var random = new Random(1);
            var input = new PoisonedMemory(geometry.InputLength, random);
            var gradient = new PoisonedMemory(geometry.OutputLength, random);

            // Few distinct values, so that many windows have ties.
            foreach (ref var value in input.Memory.Span) value = MathF.Round(4 * value) / 4;
            Compare(geometry, isMaximum, input, gradient, Run(pool, geometry, isMaximum, input, gradient));
        }
    }

    private static (PoisonedMemory Output, PoisonedMemory Gradient) Run(
        WorkerPool pool, PoolingGeometry geometry, bool isMaximum, PoisonedMemory input, PoisonedMemory gradient)
    {
        var output = new PoisonedMemory(geometry.OutputLength);
        var inputGradient = new PoisonedMemory(geometry.InputLength);
        new PoolingForward(geometry, isMaximum).Run(pool, input.Memory, output.Memory);
        new PoolingGradient(geometry, isMaximum).Run(pool, input.Memory, output.Memory, gradient.Memory, inputGradient.Memory);
        return (output, inputGradient);
    }

    private static void Compare(
        PoolingGeometry geometry, bool isMaximum, PoisonedMemory input, PoisonedMemory gradient, (PoisonedMemory Output, PoisonedMemory Gradient) actual)
    {
        var (depth, height, width) = (geometry.Depth, geometry.Height, geometry.Width);
        var (values, shares) = (input.ToArray(), gradient.ToArray());
        var (output, inputGradient) = (new double[geometry.OutputLength], new double[geometry.InputLength]);
        var window = new List<long>();
        for (long element = 0; element < output.Length; element++)
        {
            var (c, pixel) = ((int)(element % geometry.Channels), element / geometry.Channels);
            var (ox, oy, oz) = (
                (int)(pixel % width.Output), (int)(pixel / width.Output % height.Output), (int)(pixel / width.Output / height.Output % depth.Output));
            var n = pixel / width.Output / height.Output / depth.Output;
            window.Clear();
            for (var tap = 0; tap < geometry.Taps; tap++)
            {
                var z = ConvolutionReference.Place(depth, oz, tap / width.Kernel / height.Kernel);
                var y = ConvolutionReference.Place(height, oy, tap / width.Kernel % height.Kernel);
                var x = ConvolutionReference.Place(width, ox, tap % width.Kernel);
                if (z >= 0 && y >= 0 && x >= 0) window.Add((((n * depth.Input + z) * height.Input + y) * width.Input + x) * geometry.Channels + c);
            }

            if (isMaximum)
            {
                output[element] = double.NegativeInfinity;
                if (window.Count == 0) continue;
                var first = window[0];
                foreach (var place in window)
                    if (values[place] > values[first]) first = place;
                output[element] = values[first];
                inputGradient[first] += shares[element];
                continue;
            }

            foreach (var place in window)
            {
                output[element] += (double)values[place] / window.Count;
                inputGradient[place] += (double)shares[element] / window.Count;
            }
        }

        for (var i = 0; i < output.Length; i++)
            if (double.IsNegativeInfinity(output[i]) && float.IsNegativeInfinity(actual.Output.Memory.Span[i])) output[i] = actual.Output.Memory.Span[i] = 0;
        actual.Output.CheckValues(output, 1e-6, $"{geometry}");
        actual.Gradient.CheckValues(inputGradient, 4e-6, $"{geometry} gradient");
    }

    private static IEnumerable<PoolingGeometry> Cases()
    {
        foreach (var channels in (int[])[1, 3, 7, 8, 16, 17, 32, 33, 50, 64])
        {
            yield return PoolingGeometry.Create(2, channels, [7, 6], [2, 2], [2, 2], [1, 1], [0, 0], [0, 0]);
            yield return PoolingGeometry.Create(1, channels, [7, 9], [3, 3], [2, 2], [1, 1], [1, 0], [1, 1]);
        }

        var random = new Random(3);
        for (var i = 0; i < 80; i++)
        {
            var rank = 1 + random.Next(3);
            int[] Values(int least, int end) => [.. Enumerable.Range(0, rank).Select(_ => random.Next(least, end))];
            var input = Values(1, rank == 3 ? 8 : 18);
            var (window, dilations, begin, end) = (Values(1, 4), Values(1, 3), Values(0, 3), Values(0, 3));
            for (var axis = 0; axis < rank; axis++)
                while (input[axis] + begin[axis] + end[axis] < (window[axis] - 1) * dilations[axis] + 1) input[axis]++;
            int[] channels = [1, 2, 3, 5, 8, 17, 32, 40];
            yield return PoolingGeometry.Create(1 + random.Next(2), channels[random.Next(channels.Length)], input, window, Values(1, 4), dilations, begin, end);
        }

        yield return PoolingGeometry.Create(0, 3, [4, 4], [2, 2], [2, 2], [1, 1], [0, 0], [0, 0]);
        yield return PoolingGeometry.Create(2, 3, [2, 9], [5, 9], [1, 1], [1, 1], [2, 0], [2, 0]);
    }
}
