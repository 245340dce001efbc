using System.Buffers;
using System.Buffers.Binary;

namespace OnnxFunctional.Training.Data;

/// <summary>The header of a JPEG's pixels: its size and its components.</summary>
internal sealed class JpegFrame : IDisposable
{
    private const int Fixed = 6;
    private const int PerComponent = 3;

    private JpegFrame(bool isProgressive, int width, int height, JpegComponent[] components)
    {
        (IsProgressive, Width, Height, Components) = (isProgressive, width, height, components);
        (MaxAcross, MaxDown) = (components.Max(component => component.Across), components.Max(component => component.Down));
        McusAcross = Groups(width, 8 * MaxAcross);
        McusDown = Groups(height, 8 * MaxDown);
    }

    /// <summary>Whether several scans refine the same coefficients.</summary>
    public bool IsProgressive { get; }

    /// <summary>The pixels of a row.</summary>
    public int Width { get; }

    /// <summary>The rows.</summary>
    public int Height { get; }

    /// <summary>Brightness and colors.</summary>
    public JpegComponent[] Components { get; }

    /// <summary>The most samples of a component along the width, per unit of sampling.</summary>
    public int MaxAcross { get; }

    /// <summary>The most samples of a component along the height.</summary>
    public int MaxDown { get; }

    /// <summary>The groups of blocks along the width.</summary>
    public int McusAcross { get; }

    /// <summary>The groups of blocks along the height.</summary>
    public int McusDown { get; }

    /// <summary>Reads the header and takes memory for samples.</summary>
    /// <param name="segment">The content of the segment.</param>
    /// <param name="isProgressive">Whether it declares a progressive image.</param>
    /// <param name="request">The limits.</param>
    /// <param name="fileLength">The bytes of the file: each block takes a bit of it at least, so little can declare only little.</param>
    /// <exception cref="InvalidDataException">The header contradicts itself, or declares more than the file can hold.</exception>
    public static JpegFrame Read(ReadOnlySpan<byte> segment, bool isProgressive, in ImageRequest request, int fileLength)
    {
        if (segment.Length < Fixed) throw new InvalidDataException("its header is too short");
        if (segment[0] != 8) throw new InvalidDataException($"it has {segment[0]} bits per sample, and only 8 are supported");
        var (height, width) = (BinaryPrimitives.ReadUInt16BigEndian(segment[1..]), BinaryPrimitives.ReadUInt16BigEndian(segment[3..]));
        request.CheckSize(width, height);
        var components = new JpegComponent[segment[5]];
        if (components.Length is not (1 or 3 or 4)) throw new InvalidDataException($"it has {components.Length} components; expected 1, 3 or 4");
        if (segment.Length != Fixed + (PerComponent * components.Length)) throw new InvalidDataException("its header has the wrong length");
        for (var i = 0; i < components.Length; i++) components[i] = JpegComponent.Read(segment.Slice(Fixed + (PerComponent * i), PerComponent));
        var frame = new JpegFrame(isProgressive, width, height, components);
        frame.Prepare(fileLength);
        return frame;
    }

    /// <summary>The component of a number that the file gave it.</summary>
    /// <exception cref="InvalidDataException">There is none.</exception>
    public JpegComponent Component(int id) =>
        Array.Find(Components, component => component.Id == id)
        ?? throw new InvalidDataException($"its pixels are of component {id}, which it does not declare");

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var component in Components) component.Dispose();
    }

    private static int Groups(int size, int group) => (size + group - 1) / group;

    private void Prepare(int fileLength)
    {
        var blocks = 0L;
        foreach (var component in Components)
        {
            if (MaxAcross % component.Across != 0 || MaxDown % component.Down != 0)
                throw new InvalidDataException("its components have sizes that are no whole multiples of each other, which is not supported");
            component.Width = Groups(Width * component.Across, MaxAcross);
            component.Height = Groups(Height * component.Down, MaxDown);
            component.BlocksAcross = McusAcross * component.Across;
            component.BlocksDown = McusDown * component.Down;
            blocks += Groups(component.Width, 8) * (long)Groups(component.Height, 8);
        }

        if (blocks > 8L * fileLength) throw new InvalidDataException($"it declares {Width} x {Height} pixels, more than its {fileLength} bytes can hold");
        foreach (var component in Components) component.Rent(IsProgressive);
    }
}

/// <summary>A component of a JPEG: its brightness, or one of its two colors, perhaps at a lower resolution.</summary>
internal sealed class JpegComponent : IDisposable
{
    private byte[]? _samples;
    private short[]? _coefficients;

    /// <summary>The number that the file gives it.</summary>
    public required int Id { get; init; }

    /// <summary>Samples along the width, per unit of sampling.</summary>
    public required int Across { get; init; }

    /// <summary>Samples along the height, per unit of sampling.</summary>
    public required int Down { get; init; }

    /// <summary>Which table of steps its coefficients are multiples of.</summary>
    public required int Table { get; init; }

    /// <summary>The samples of a row.</summary>
    public int Width { get; set; }

    /// <summary>The rows of samples.</summary>
    public int Height { get; set; }

    /// <summary>The blocks of a row, filled up to whole groups.</summary>
    public int BlocksAcross { get; set; }

    /// <summary>The rows of blocks, filled up to whole groups.</summary>
    public int BlocksDown { get; set; }

    /// <summary>The steps of the coefficients, in the order of rows; those that held when the component was first read.</summary>
    public int[]? Steps { get; set; }

    /// <summary>The last mean, which the next one is a difference to.</summary>
    public int Predictor { get; set; }

    /// <summary>The samples, <see cref="Stride"/> apart from row to row.</summary>
    public Span<byte> Samples => _samples;

    /// <summary>The coefficients of a progressive image, block by block.</summary>
    public Span<short> Coefficients => _coefficients;

    /// <summary>The samples from row to row.</summary>
    public int Stride => BlocksAcross * 8;

    /// <summary>Reads a component of a header.</summary>
    public static JpegComponent Read(ReadOnlySpan<byte> bytes)
    {
        var (across, down, table) = (bytes[1] >> 4, bytes[1] & 15, bytes[2]);
        if (across is < 1 or > 4 || down is < 1 or > 4 || table > 3) throw new InvalidDataException("its header declares a component that cannot be");
        return new() { Id = bytes[0], Across = across, Down = down, Table = table };
    }

    /// <summary>Takes memory.</summary>
    public void Rent(bool forCoefficients)
    {
        var samples = (long)Stride * BlocksDown * 8;
        if (samples > Array.MaxLength) throw new InvalidDataException("it has more samples than an array holds");
        _samples = ArrayPool<byte>.Shared.Rent((int)samples);
        if (!forCoefficients) return;
        _coefficients = ArrayPool<short>.Shared.Rent((int)samples);
        _coefficients.AsSpan(0, (int)samples).Clear();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_samples is not null) ArrayPool<byte>.Shared.Return(_samples);
        if (_coefficients is not null) ArrayPool<short>.Shared.Return(_coefficients);
        (_samples, _coefficients) = (null, null);
    }
}
