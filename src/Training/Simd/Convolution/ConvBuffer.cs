namespace OnnxFunctional.Training.Simd;

/// <summary>Copies the part of the source that a task's patches cover, with zeros outside of the source.</summary>
internal static unsafe class ConvBuffer
{
    // source [batch, depth, height, width, channels], buffer [depth span, rows, columns, channels * multiplier]
    public static void Fill(ConvPass pass, in ConvTask task, float* source, float* buffer)
    {
        var channels = pass.SourceChannels;
        var multiplier = pass.Multiplier;
        var rows = pass.Height.Reach(task.EndRow - task.FirstRow);
        var columns = pass.Width.Reach(task.EndColumn - task.FirstColumn);
        var pitch = pass.BufferColumns * pass.BufferChannels;
        var firstPlane = task.Depth * pass.Depth.SourceStep + pass.Depth.FirstShift;
        var firstRow = task.FirstRow * pass.Height.SourceStep + pass.Height.FirstShift;
        var firstColumn = task.FirstColumn * pass.Width.SourceStep + pass.Width.FirstShift;
        var left = Math.Clamp(-firstColumn, 0, columns);
        var right = Math.Clamp(pass.Width.Source - firstColumn, left, columns);
        for (var plane = 0; plane < pass.Depth.ShiftSpan; plane++)
        {
            var z = firstPlane + plane;
            for (var row = 0; row < rows; row++)
            {
                var y = firstRow + row;
                var to = buffer + (nint)(plane * pass.BufferRows + row) * pitch;
                if ((uint)z >= (uint)pass.Depth.Source || (uint)y >= (uint)pass.Height.Source || left == right)
                {
                    new Span<float>(to, columns * channels * multiplier).Clear();
                    continue;
                }

                var from = source + pass.SourceAt(task.Image, z, y, firstColumn + left);
                new Span<float>(to, left * channels * multiplier).Clear();
                to += left * channels * multiplier;
                Copy(from, to, (right - left) * channels, multiplier);
                to += (right - left) * channels * multiplier;
                new Span<float>(to, (columns - right) * channels * multiplier).Clear();
            }
        }
    }

    private static void Copy(float* from, float* to, int length, int multiplier)
    {
        if (multiplier == 1)
        {
            new Span<float>(from, length).CopyTo(new Span<float>(to, length));
            return;
        }

        for (var i = 0; i < length; i++, to += multiplier) new Span<float>(to, multiplier).Fill(from[i]);
    }
}
