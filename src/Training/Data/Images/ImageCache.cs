using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace OnnxFunctional.Training.Data;

/// <summary>Keeps decoded and resized images, so that only the first epoch decodes them.</summary>
/// <remarks>
/// The numbers are the same with and without a cache: images whose pixels are whole numbers (those that need no resizing, or
/// <see cref="Layers.Interpolation.Nearest"/>) take a byte per element, others four. An image is decoded again if its file has another length or time than
/// when it was kept, or other options are asked for. Several folders may share a cache.
/// </remarks>
/// <example><code>
/// var flowers = ImageFolder.Open("flowers", height: 64, width: 64, cache: ImageCache.InFile("flowers.cache"));
/// </code></example>
public abstract class ImageCache
{
    private protected ImageCache()
    {
    }

    /// <summary>A cache in memory, as long as it is referenced.</summary>
    public static ImageCache InMemory() => new MemoryImageCache();

    /// <summary>A cache in one file, which is made if it is missing, and is found again by later programs.</summary>
    /// <remarks>The file only grows: delete it to be rid of images that are no longer read. Damaged parts are decoded again.</remarks>
    /// <param name="path">The file.</param>
    /// <exception cref="DataException">The file cannot be opened, or is something else than a cache.</exception>
    public static ImageCache InFile(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        return new FileImageCache(path);
    }

    /// <summary>What an image is found by: its file as it is now, and all that decides about its pixels.</summary>
    internal static Guid KeyOf(string path, string options)
    {
        var file = new FileInfo(path);
        var text = FormattableString.Invariant($"{options}\n{(file.Exists ? file.Length : -1)}\n{file.LastWriteTimeUtc.Ticks}\n{file.FullName}");
        return new Guid(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 16));
    }

    /// <summary>Reads an image; false if the cache does not have it.</summary>
    internal abstract bool TryRead(Guid key, Span<float> target);

    /// <summary>Keeps an image.</summary>
    internal abstract void Add(Guid key, ReadOnlySpan<float> image);

    /// <summary>The bytes of an element if all of them are whole numbers from 0 to 255, else four.</summary>
    private protected static int ElementSize(ReadOnlySpan<float> image)
    {
        foreach (var value in image)
        {
            if ((byte)value != value) return sizeof(float);
        }

        return 1;
    }

    /// <summary>Writes elements of a size.</summary>
    private protected static void Pack(ReadOnlySpan<float> image, int elementSize, Span<byte> target)
    {
        if (elementSize == sizeof(float)) MemoryMarshal.AsBytes(image).CopyTo(target);
        else for (var i = 0; i < image.Length; i++) target[i] = (byte)image[i];
    }

    /// <summary>Reads elements, of the size that follows from their number.</summary>
    private protected static void Unpack(ReadOnlySpan<byte> packed, Span<float> target)
    {
        if (packed.Length == target.Length) ImageResizer.ToFloats(packed, target);
        else packed.CopyTo(MemoryMarshal.AsBytes(target));
    }

    private sealed class MemoryImageCache : ImageCache
    {
        private readonly ConcurrentDictionary<Guid, byte[]> _images = new();

        internal override bool TryRead(Guid key, Span<float> target)
        {
            if (!_images.TryGetValue(key, out var packed)) return false;
            Unpack(packed, target);
            return true;
        }

        internal override void Add(Guid key, ReadOnlySpan<float> image)
        {
            var size = ElementSize(image);
            var packed = new byte[image.Length * size];
            Pack(image, size, packed);
            _images[key] = packed;
        }
    }
}
