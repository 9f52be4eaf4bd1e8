using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Fota.Signer.Tests.Log;

/// <summary>
/// A second reading of a log, written from C2SP's tlog-tiles, tlog-checkpoint and signed-note and from RFC 6962 alone. It shares no code with the product,
/// and has openssl check the signature.
/// </summary>
internal sealed class IndependentLog
{
    private readonly string _folder;
    private readonly HashSet<string> _read = new(StringComparer.Ordinal);

    private IndependentLog(string folder) => _folder = folder;

    /// <summary>The entries of the log in a folder, after every file in it was checked.</summary>
    public static List<byte[]> Verify(string folder, string vkey) => new IndependentLog(folder).Read(vkey);

    private List<byte[]> Read(string vkey)
    {
        (long size, byte[] root) = ReadCheckpoint(vkey);
        List<byte[]> entries = [];
        for (long n = 0; n * 256 < size; n++)
        {
            byte[] bundle = ReadFile("tile/entries/" + Name(n, (int)Math.Min(256, size - (n * 256))));
            int offset = 0;
            while (offset < bundle.Length)
            {
                int length = BinaryPrimitives.ReadUInt16BigEndian(bundle.AsSpan(offset));
                entries.Add(bundle.AsSpan(offset + 2, length).ToArray());
                offset += 2 + length;
            }
        }

        Assert.That(entries, Has.Count.EqualTo(size));
        byte[][] leaves = [.. entries.Select(static entry => SHA256.HashData([0, .. entry]))];
        Assert.That(TreeHash(leaves), Is.EqualTo(root), "MTH(D[n]) is the root hash of the checkpoint");
        for (int level = 0; size >> (8 * level) > 0; level++)
        {
            long hashes = size >> (8 * level), span = 1L << (8 * level);
            for (long n = 0; n * 256 < hashes; n++)
            {
                int width = (int)Math.Min(256, hashes - (n * 256));
                IEnumerable<byte> wanted = Enumerable.Range(0, width).SelectMany(i => TreeHash(leaves.AsSpan((int)(((n * 256) + i) * span), (int)span)));
                Assert.That(ReadFile($"tile/{level}/{Name(n, width)}"), Is.EqualTo(wanted.ToArray()), $"tile {level}, {n}");
            }
        }

        return entries;
    }

    private (long Size, byte[] Root) ReadCheckpoint(string vkey)
    {
        string note = new UTF8Encoding(false, true).GetString(ReadFile("checkpoint"));
        string[] lines = note.Split('\n');
        Assert.That((lines.Length, lines[3], lines[5]), Is.EqualTo((6, "", "")), "three lines, an empty one, a signature");
        string[] named = vkey.Split('+', 3);
        byte[] key = Convert.FromBase64String(named[2]);
        Assert.That((lines[0], key[0], key.Length), Is.EqualTo((named[0], (byte)1, 33)), "the origin is the key's name, which signs by Ed25519");
        byte[] id = SHA256.HashData([.. Encoding.UTF8.GetBytes(named[0]), (byte)'\n', .. key])[..4];
        Assert.That(Convert.ToHexStringLower(id), Is.EqualTo(named[1]));
        Assert.That(lines[4], Does.StartWith($"— {named[0]} "));
        byte[] signature = Convert.FromBase64String(lines[4][$"— {named[0]} ".Length..]);
        Assert.That(signature[..4], Is.EqualTo(id));
        VerifyByOpenSsl(key[1..], $"{lines[0]}\n{lines[1]}\n{lines[2]}\n", signature[4..]);
        return (long.Parse(lines[1]), Convert.FromBase64String(lines[2]));
    }

    private static void VerifyByOpenSsl(byte[] publicKey, string text, byte[] signature)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("fota-note-");
        try
        {
            string path(string name) => Path.Combine(folder.FullName, name);
            File.WriteAllBytes(path("key.der"), [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00, .. publicKey]);
            File.WriteAllText(path("text"), text);
            File.WriteAllBytes(path("signature"), signature);
            CommandResult run = Programs.Run("openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", path("key.der"), "-rawin", "-in", path("text"), "-sigfile", path("signature"));
            Assert.That(run.ExitCode, Is.Zero, run.Output + run.Error);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private byte[] ReadFile(string path)
    {
        _read.Add(path);
        return File.ReadAllBytes(Path.Combine(_folder, path));
    }

    // "encoded into zero-padded 3-digit path elements. All but the last path element MUST begin with an x"
    private static string Name(long n, int width)
    {
        string name = $"{n % 1000:000}";
        for (n /= 1000; n > 0; n /= 1000)
        {
            name = $"x{n % 1000:000}/{name}";
        }

        return width == 256 ? name : $"{name}.p/{width}";
    }

    // RFC 6962 section 2.1
    private static byte[] TreeHash(ReadOnlySpan<byte[]> leaves)
    {
        if (leaves.Length < 2)
        {
            return leaves.Length == 1 ? leaves[0] : SHA256.HashData([]);
        }

        int k = 1;
        while (k * 2 < leaves.Length)
        {
            k *= 2;
        }

        return SHA256.HashData([1, .. TreeHash(leaves[..k]), .. TreeHash(leaves[k..])]);
    }
}
