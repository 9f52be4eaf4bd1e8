using System.Buffers.Binary;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Fota.Manifest.Log;

/// <summary>A text with signatures (C2SP signed-note), well formed and believed by nobody until <see cref="Check"/> was asked.</summary>
public sealed class SignedNote
{
    private const string Dash = "— ";

    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private SignedNote(string text, byte[] bytes, IReadOnlyList<NoteSignature> signatures)
    {
        Text = text;
        Bytes = bytes;
        Signatures = signatures;
    }

    /// <summary>What is signed, with its final line feed.</summary>
    public string Text { get; }

    /// <summary>The whole note, as it came.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>All signatures, by whomever, unverified.</summary>
    public IReadOnlyList<NoteSignature> Signatures { get; }

    /// <summary>Reads a note of at most <see cref="LogLimits.NoteBytes"/>.</summary>
    public static Verdict<SignedNote> Decode(ReadOnlyMemory<byte> bytes) => Verdict.Of(() => Read(bytes.Span));

    /// <summary>The bytes that a key signs.</summary>
    public static byte[] ToBeSigned(string text) => s_strict.GetBytes(text);

    /// <summary>Puts a text and a signature of it together.</summary>
    /// <exception cref="RejectedException">They make no note that <paramref name="key"/> signed.</exception>
    public static SignedNote Assemble(string text, NoteKey key, ReadOnlySpan<byte> signature)
    {
        ArgumentNullException.ThrowIfNull(key);
        byte[] id = new byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(id, key.Id);
        SignedNote note = Read(s_strict.GetBytes($"{text}\n{Dash}{key.Name} {Convert.ToBase64String([.. id, .. signature])}\n"));
        return note.Check(key) is { } rejection ? throw new RejectedException(rejection) : note;
    }

    /// <summary>
    /// Why the note is not one that <paramref name="key"/> signed; null if it is. Signatures of other keys are passed over; one that bears this key's name and id and is not its
    /// signature spoils the note, whatever others there are.
    /// </summary>
    public Rejection? Check(NoteKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        NoteSignature[] own = [.. Signatures.Where(signature => signature.KeyId == key.Id && string.Equals(signature.Name, key.Name, StringComparison.Ordinal))];
        if (own.Length == 0)
        {
            return new(RejectionReason.NoSignatures, $"note: wanted a signature of {key.Name} ({key.Id:x8}), got none");
        }

        byte[] message = ToBeSigned(Text);
        return Array.TrueForAll(own, signature => key.Key.IsSignatureOver(message, signature.Signature.Span))
            ? null
            : new(RejectionReason.SignatureInvalid, $"note: wanted a valid signature of {key.Name} ({key.Id:x8}), got another");
    }

    /// <summary>Standard base64 with its padding and in its one spelling: other spellings of the same bytes are other files.</summary>
    internal static bool TryBase64(string text, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = Base64.IsValid(text) ? Convert.FromBase64String(text) : null;
        if (bytes is not null && !string.Equals(Convert.ToBase64String(bytes), text, StringComparison.Ordinal))
        {
            bytes = null;
        }

        return bytes is not null;
    }

    /// <summary>Reads UTF-8 text of lines, each with its line feed and without other control characters.</summary>
    internal static string ReadLines(ReadOnlySpan<byte> bytes, int maxBytes, string what)
    {
        if (bytes.Length > maxBytes)
        {
            throw new RejectedException(RejectionReason.LimitExceeded, $"{what}: wanted at most {maxBytes} bytes, got {bytes.Length}");
        }

        string text;
        try
        {
            text = s_strict.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            throw new RejectedException(RejectionReason.Malformed, $"{what}: wanted UTF-8, got something else");
        }

        return text.EndsWith('\n') && !text.Any(static c => c < ' ' && c != '\n')
            ? text
            : throw new RejectedException(RejectionReason.Malformed, $"{what}: wanted lines that end with a line feed and hold no other control character");
    }

    private static SignedNote Read(ReadOnlySpan<byte> bytes)
    {
        string note = ReadLines(bytes, LogLimits.NoteBytes, "note");
        int blank = note.LastIndexOf("\n\n", StringComparison.Ordinal);
        if (blank < 0)
        {
            throw new RejectedException(RejectionReason.Malformed, "note: wanted an empty line between text and signatures, got none");
        }

        string text = note[..(blank + 1)], signatures = note[(blank + 2)..];
        if (signatures.Length == 0)
        {
            throw new RejectedException(RejectionReason.NoSignatures, "note: wanted signatures, got none at all");
        }

        string[] lines = signatures[..^1].Split('\n');
        return lines.Length <= LogLimits.NoteSignatures
            ? new SignedNote(text, bytes.ToArray(), [.. lines.Select(ReadSignature)])
            : throw new RejectedException(RejectionReason.LimitExceeded, $"note: wanted at most {LogLimits.NoteSignatures} signatures, got {lines.Length}");
    }

    private static NoteSignature ReadSignature(string line)
    {
        string[] parts = line.StartsWith(Dash, StringComparison.Ordinal) ? line[Dash.Length..].Split(' ') : [];
        return parts.Length == 2 && NoteKey.IsName(parts[0]) && TryBase64(parts[1], out byte[]? bytes) && bytes.Length > sizeof(uint)
            ? new NoteSignature(parts[0], BinaryPrimitives.ReadUInt32BigEndian(bytes), bytes.AsMemory(sizeof(uint)))
            : throw new RejectedException(RejectionReason.Malformed, "note: wanted lines of a dash, a name, and in base64 a key id and a signature, got another line");
    }
}

/// <summary>A signature of a note, unverified.</summary>
/// <param name="Name">The name that it claims for its key.</param>
/// <param name="KeyId">The id that it claims.</param>
/// <param name="Signature">The rest.</param>
public sealed record NoteSignature(string Name, uint KeyId, ReadOnlyMemory<byte> Signature);
