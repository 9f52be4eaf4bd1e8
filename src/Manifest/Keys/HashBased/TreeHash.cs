using System.Security.Cryptography;

namespace Fota.Manifest.Keys.HashBased;

/// <summary>A hash function of RFC 8554 (SHA-256) or RFC 9858 (SHA-256/192, SHAKE256/256, SHAKE256/192).</summary>
/// <param name="IsShake">SHAKE256 rather than SHA-256.</param>
/// <param name="Length">Length of its output in bytes: n of the one-time signature, m of the tree.</param>
internal sealed record TreeHash(bool IsShake, int Length)
{
    // The order in which the registries "LM-OTS Signatures" and "LMS Signatures" list the parameter sets.
    private static readonly TreeHash[] s_known = [new(false, 32), new(false, 24), new(true, 32), new(true, 24)];

    /// <summary>Whether this machine computes it.</summary>
    public bool IsSupported => !IsShake || Shake256.IsSupported;

    public static TreeHash At(uint index) => s_known[index];

    public void Compute(ReadOnlySpan<byte> input, Span<byte> output)
    {
        if (IsShake)
        {
            Shake256.HashData(input, output[..Length]);
            return;
        }

        Span<byte> whole = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(input, whole);
        whole[..Length].CopyTo(output);
    }
}
