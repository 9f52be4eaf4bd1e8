using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Fota.Samples.Images;

/// <summary>
/// An image as a build of the pump's firmware might give: a header, then blocks of repeating "instructions". One block in eight depends on
/// the version, the others do not, as between two builds of one program.
/// </summary>
internal static class PumpImage
{
    private const int BlockSize = 4096, HeaderSize = 512, InstructionSize = 8, VersionedEvery = 8;

    /// <summary>Writes an image of <paramref name="size"/> bytes.</summary>
    /// <exception cref="FormatException">The size or a text cannot be.</exception>
    public static void Write(Stream output, string version, string health, int size)
    {
        byte[] header = Encoding.ASCII.GetBytes($"FOTA-SAMPLE-PUMP\nversion={version}\nhealth={health}\n\n");
        if (header.Length > HeaderSize || size < BlockSize)
        {
            throw new FormatException($"wanted a header of at most {HeaderSize} bytes and an image of at least {BlockSize}, got {header.Length} and {size}");
        }

        byte[] instructions = Instructions();
        byte[] block = new byte[BlockSize];
        for (int start = 0; start < size; start += BlockSize)
        {
            int index = start / BlockSize;
            Fill(block, $"block {index}{(index % VersionedEvery == 0 ? $" of {version}" : "")}", instructions);
            if (index == 0)
            {
                block.AsSpan(0, HeaderSize).Clear();
                header.CopyTo(block, 0);
            }

            output.Write(block, 0, Math.Min(BlockSize, size - start));
        }
    }

    // 256 instructions for 8 bytes each: so an image compresses to about an eighth, and no two blocks are alike.
    private static void Fill(byte[] block, string seed, byte[] instructions)
    {
        byte[] choices = new byte[BlockSize / InstructionSize];
        Expand(seed, choices);
        for (int i = 0; i < choices.Length; i++)
        {
            instructions.AsSpan(choices[i] * InstructionSize, InstructionSize).CopyTo(block.AsSpan(i * InstructionSize));
        }
    }

    private static byte[] Instructions()
    {
        byte[] instructions = new byte[256 * InstructionSize];
        Expand("instructions", instructions);
        return instructions;
    }

    private static void Expand(string seed, Span<byte> destination)
    {
        byte[] input = [0, 0, 0, 0, .. Encoding.UTF8.GetBytes(seed)];
        for (int done = 0, counter = 0; done < destination.Length; done += SHA256.HashSizeInBytes, counter++)
        {
            BinaryPrimitives.WriteInt32BigEndian(input, counter);
            SHA256.HashData(input).CopyTo(destination[done..]);
        }
    }
}
