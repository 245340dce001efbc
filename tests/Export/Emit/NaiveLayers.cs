namespace OnnxFunctional.Tests.Export.Emit;

/// <summary>Layers by their formulas, with one loop per index: obviously correct.</summary>
internal static class NaiveLayers
{
    /// <summary>Channels-last convolution with stride; padding is given as the positions before the first.</summary>
    public static float[] Conv(float[] x, int[] shape, Weight kernel, Weight? bias, int stride, int padBefore, int outputSize, int groups = 1, int dilation = 1)
    {
        var (height, width, channels) = (shape[1], shape[2], shape[3]);
        var (rows, columns, inner, filters) = (kernel.Shape.Dims[0], kernel.Shape.Dims[1], kernel.Shape.Dims[2], kernel.Shape.Dims[3]);
        var y = new List<float>();
        foreach (var (n, i, j, f) in Indices(shape[0], outputSize, outputSize, filters))
        {
            double sum = bias?.Storage[f] ?? 0;
            var group = f / (filters / groups);
            foreach (var (a, b, c, _) in Indices(rows, columns, inner, 1))
            {
                var (row, column) = ((i * stride) - padBefore + (a * dilation), (j * stride) - padBefore + (b * dilation));
                if (row < 0 || row >= height || column < 0 || column >= width) continue;
                var value = x[(((((n * height) + row) * width) + column) * channels) + (group * inner) + c];
                sum += value * kernel.Storage[(((((a * columns) + b) * inner) + c) * filters) + f];
            }

            y.Add((float)sum);
        }

        return [.. y];
    }

    public static float[] MaxPool(float[] x, int[] shape, int size)
    {
        var y = new List<float>();
        foreach (var (n, i, j, c) in Indices(shape[0], shape[1] / size, shape[2] / size, shape[3]))
            y.Add(Indices(size, size, 1, 1).Max(at => x[(((((n * shape[1]) + (i * size) + at.A) * shape[2]) + (j * size) + at.B) * shape[3]) + c]));
        return [.. y];
    }

    public static float[] Dense(float[] x, int rows, Weight kernel, Weight bias)
    {
        var (features, units) = (kernel.Shape.Dims[0], kernel.Shape.Dims[1]);
        return [.. Indices(rows, units, 1, 1).Select(at => (float)(bias.Storage[at.B] + Product(at.A, at.B)))];

        double Product(int row, int unit) => Enumerable.Range(0, features).Sum(f => (double)x[(row * features) + f] * kernel.Storage[(f * units) + unit]);
    }

    public static float[] Relu(float[] x) => [.. x.Select(value => MathF.Max(value, 0))];

    /// <summary>Keras' LSTM; a masked step keeps state and output.</summary>
    /// <returns>The sequence (batch, time, units) and the last state.</returns>
    public static (float[] Sequence, float[] State) Lstm(
        float[] x,
        int batch,
        int time,
        Weight kernel,
        Weight recurrent,
        Weight bias,
        bool reverse,
        bool[]? mask = null)
    {
        var (features, units) = (kernel.Shape.Dims[0], recurrent.Shape.Dims[0]);
        var (sequence, last) = (new float[batch * time * units], new float[batch * units]);
        for (var n = 0; n < batch; n++)
        {
            var (h, c, shown) = (new double[units], new double[units], new double[units]);
            for (var step = 0; step < time; step++)
            {
                var t = reverse ? time - 1 - step : step;
                if (mask is null || mask[(n * time) + t])
                {
                    var z = Gates(x.AsSpan(((n * time) + t) * features, features), kernel, bias.Storage);
                    for (var g = 0; g < z.Length; g++)
                    {
                        for (var u = 0; u < units; u++) z[g] += h[u] * recurrent.Storage[(u * 4 * units) + g];
                    }

                    for (var u = 0; u < units; u++)
                    {
                        c[u] = (Sigmoid(z[units + u]) * c[u]) + (Sigmoid(z[u]) * Math.Tanh(z[(2 * units) + u]));
                        h[u] = Sigmoid(z[(3 * units) + u]) * Math.Tanh(c[u]);
                    }

                    h.CopyTo(shown, 0);
                }

                for (var u = 0; u < units; u++) sequence[(((n * time) + t) * units) + u] = (float)shown[u];
            }

            for (var u = 0; u < units; u++) last[(n * units) + u] = (float)h[u];
        }

        return (sequence, last);
    }

    /// <summary>Keras' GRU that resets after the product.</summary>
    public static float[] GruState(float[] x, int batch, int time, Weight kernel, Weight recurrent, Weight bias, bool reverse, bool[]? mask)
    {
        var (features, units) = (kernel.Shape.Dims[0], recurrent.Shape.Dims[0]);
        var last = new float[batch * units];
        for (var n = 0; n < batch; n++)
        {
            var h = new double[units];
            for (var step = 0; step < time; step++)
            {
                var t = reverse ? time - 1 - step : step;
                if (mask is not null && !mask[(n * time) + t]) continue;
                var z = Gates(x.AsSpan(((n * time) + t) * features, features), kernel, bias.Storage.AsSpan(0, 3 * units));
                var r = new double[3 * units];
                for (var g = 0; g < r.Length; g++)
                {
                    r[g] = bias.Storage[(3 * units) + g];
                    for (var u = 0; u < units; u++) r[g] += h[u] * recurrent.Storage[(u * 3 * units) + g];
                }

                for (var u = 0; u < units; u++)
                {
                    var update = Sigmoid(z[u] + r[u]);
                    var candidate = Math.Tanh(z[(2 * units) + u] + (Sigmoid(z[units + u] + r[units + u]) * r[(2 * units) + u]));
                    r[u] = (update * h[u]) + ((1 - update) * candidate);
                }

                Array.Copy(r, h, units);
            }

            for (var u = 0; u < units; u++) last[(n * units) + u] = (float)h[u];
        }

        return last;
    }

    private static IEnumerable<(int A, int B, int C, int D)> Indices(int a, int b, int c, int d) =>
        Enumerable.Range(0, a * b * c * d).Select(n => (n / (b * c * d), n / (c * d) % b, n / d % c, n % d));

    private static double[] Gates(ReadOnlySpan<float> x, Weight kernel, ReadOnlySpan<float> bias)
    {
        var width = kernel.Shape.Dims[1];
        var z = new double[width];
        for (var g = 0; g < width; g++)
        {
            z[g] = bias[g];
            for (var i = 0; i < x.Length; i++) z[g] += x[i] * kernel.Storage[(i * width) + g];
        }

        return z;
    }

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));
}
