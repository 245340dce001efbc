namespace OnnxFunctional.Tests.Export.Emit;

/// <summary>Layers by their formulas, one loop for each index: obviously right.</summary>
internal static class NaiveLayers
{
    /// <summary>Channels-last convolution with stride; padding is given as the positions before the first.</summary>
    public static float[] Conv(float[] x, int[] shape, Weight kernel, Weight? bias, int stride, int padBefore, int outputSize, int groups = 1, int dilation = 1)
    {
        var (batch, height, width, channels) = (shape[0], shape[1], shape[2], shape[3]);
        var (kh, kw, inner, filters) = (kernel.Shape.Dims[0], kernel.Shape.Dims[1], kernel.Shape.Dims[2], kernel.Shape.Dims[3]);
        var (w, y) = (kernel.Storage, new float[batch * outputSize * outputSize * filters]);
        for (var n = 0; n < batch; n++)
        for (var i = 0; i < outputSize; i++)
        for (var j = 0; j < outputSize; j++)
        for (var f = 0; f < filters; f++)
        {
            double sum = bias?.Storage[f] ?? 0;
            var group = f / (filters / groups);
            for (var a = 0; a < kh; a++)
            for (var b = 0; b < kw; b++)
            {
                var (row, column) = ((i * stride) - padBefore + (a * dilation), (j * stride) - padBefore + (b * dilation));
                if (row < 0 || row >= height || column < 0 || column >= width) continue;
                for (var c = 0; c < inner; c++) sum += x[(((((n * height) + row) * width) + column) * channels) + (group * inner) + c] * w[(((((a * kw) + b) * inner) + c) * filters) + f];
            }

            y[(((((n * outputSize) + i) * outputSize) + j) * filters) + f] = (float)sum;
        }

        return y;
    }

    public static float[] MaxPool(float[] x, int[] shape, int size)
    {
        var (batch, height, width, channels) = (shape[0], shape[1] / size, shape[2] / size, shape[3]);
        var y = new float[batch * height * width * channels];
        for (var n = 0; n < batch; n++)
        for (var i = 0; i < height; i++)
        for (var j = 0; j < width; j++)
        for (var c = 0; c < channels; c++)
        {
            var most = float.NegativeInfinity;
            for (var a = 0; a < size; a++)
            for (var b = 0; b < size; b++) most = MathF.Max(most, x[(((((n * shape[1]) + (i * size) + a) * shape[2]) + (j * size) + b) * channels) + c]);
            y[(((((n * height) + i) * width) + j) * channels) + c] = most;
        }

        return y;
    }

    public static float[] Dense(float[] x, int rows, Weight kernel, Weight bias)
    {
        var (features, units) = (kernel.Shape.Dims[0], kernel.Shape.Dims[1]);
        var y = new float[rows * units];
        for (var r = 0; r < rows; r++)
        for (var u = 0; u < units; u++)
        {
            double sum = bias.Storage[u];
            for (var f = 0; f < features; f++) sum += x[(r * features) + f] * kernel.Storage[(f * units) + u];
            y[(r * units) + u] = (float)sum;
        }

        return y;
    }

    public static float[] Relu(float[] x) => [.. x.Select(value => MathF.Max(value, 0))];

    /// <summary>Keras' LSTM; a masked step keeps state and output.</summary>
    /// <returns>The sequence (batch, time, units) and the last state.</returns>
    public static (float[] Sequence, float[] State) Lstm(float[] x, int batch, int time, Weight kernel, Weight recurrent, Weight bias, bool reverse, bool[]? mask = null)
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
