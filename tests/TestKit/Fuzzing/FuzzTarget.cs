namespace Fota.TestKit.Fuzzing;

/// <summary>One decoder under fire.</summary>
/// <param name="Name">Lower-case, hyphens; names the corpus folder.</param>
/// <param name="Seeds">Valid documents, the same on every machine.</param>
/// <param name="Words">Words of the format that a mutation may exchange for one another.</param>
/// <param name="Examine">
/// Gives the bytes to the decoder. True: accepted. It throws <see cref="ForgeryException"/> when a verifier accepted what nobody signed; any
/// other exception is a finding as it is.
/// </param>
/// <param name="MostAllocated">Bytes that one examination may allocate, whatever the document claims.</param>
public sealed record FuzzTarget(string Name, IReadOnlyList<byte[]> Seeds, IReadOnlyList<byte[]> Words, Func<byte[], bool> Examine, long MostAllocated)
{
    public override string ToString() => Name;
}

/// <summary>A verifier accepted a document whose content nobody signed.</summary>
public sealed class ForgeryException(string message) : Exception(message);
