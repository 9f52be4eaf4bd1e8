using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using Fota.Manifest.Encoding;

namespace Fota.Manifest.Metadata;

/// <summary>
/// OLPC canonical JSON (TUF 1.0.34 section 4.1): members sorted by the bytes of their names, no white space, integers only, and in strings
/// only the quote and the backslash escaped. TUF signs that form, in which a control character stands for itself (the line feeds of a PEM
/// key); JSON itself forbids that. So there are two spellings that differ in nothing else, and each follows from the other byte by byte:
/// the signed form, and the file form, where control characters have their one shortest escape.
/// </summary>
internal static class CanonicalJson
{
    /// <summary>Reads hostile bytes as one JSON value that is spelt in the file form and in no other way.</summary>
    /// <exception cref="RejectedException">It is not.</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> file)
    {
        JsonDocument document = ParseStrict(file);
        try
        {
            if (!Encode(document.RootElement).AsSpan().SequenceEqual(file.Span))
            {
                throw new RejectedException(RejectionReason.NotCanonical, "metadata: wanted canonical JSON, got another spelling of it");
            }

            return document;
        }
        catch
        {
            document.Dispose();
            throw;
        }
    }

    /// <summary>Reads hostile bytes as one JSON value without repeated members, however it is spelt.</summary>
    /// <exception cref="RejectedException">It is not.</exception>
    public static JsonDocument ParseAnySpelling(ReadOnlyMemory<byte> file)
    {
        JsonDocument document = ParseStrict(file);
        try
        {
            DemandUnicode(document.RootElement);
            return document;
        }
        catch (InvalidOperationException)
        {
            document.Dispose();
            throw NotUnicode();
        }
    }

    /// <summary>The file form of <paramref name="value"/>.</summary>
    public static byte[] Encode(JsonElement value)
    {
        ArrayBufferWriter<byte> output = new();
        try
        {
            Write(value, output);
        }
        catch (InvalidOperationException)
        {
            // JsonElement's answer to text that is not Unicode, which the parser lets through.
            throw NotUnicode();
        }

        return output.WrittenSpan.ToArray();
    }

    /// <summary>From the signed form to the file form.</summary>
    public static byte[] ToFileForm(ReadOnlySpan<byte> signedForm)
    {
        ArrayBufferWriter<byte> output = new(signedForm.Length + 1);
        foreach (byte b in signedForm)
        {
            WriteWithoutControls(b, output);
        }

        return output.WrittenSpan.ToArray();
    }

    /// <summary>From the file form, which has been found canonical, to the signed form.</summary>
    public static byte[] ToSignedForm(ReadOnlySpan<byte> fileForm)
    {
        byte[] output = new byte[fileForm.Length];
        int length = 0;
        for (int i = 0; i < fileForm.Length; i++)
        {
            byte b = fileForm[i];
            if (b != (byte)'\\')
            {
                output[length++] = b;
                continue;
            }

            byte escaped = fileForm[++i];
            int control = "btn\0fr"u8.IndexOf(escaped);
            if (control >= 0)
            {
                output[length++] = (byte)('\b' + control);
            }
            else if (escaped == (byte)'u')
            {
                output[length++] = Convert.FromHexString(fileForm.Slice(i + 3, 2))[0];
                i += 4;
            }
            else
            {
                output[length++] = b;
                output[length++] = escaped;
            }
        }

        return output[..length];
    }

    private static JsonDocument ParseStrict(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            return JsonDocument.Parse(bytes, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = DecodeLimits.Depth });
        }
        catch (JsonException)
        {
            throw new RejectedException(WhyNot(bytes));
        }
        catch (InvalidOperationException)
        {
            throw NotUnicode();
        }
    }

    private static Rejection WhyNot(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            Utf8JsonReader first = new(bytes.Span, new JsonReaderOptions { AllowMultipleValues = true, MaxDepth = DecodeLimits.Depth });
            first.Read();
            first.Skip();
            if (first.BytesConsumed < bytes.Length)
            {
                return new(RejectionReason.TrailingData, $"metadata: wanted one JSON value, got {bytes.Length - first.BytesConsumed} bytes after it");
            }

            using JsonDocument lenient = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = DecodeLimits.Depth });
            return new(RejectionReason.DuplicateField, "metadata: wanted each member once, got one twice");
        }
        catch (JsonException)
        {
            return new(RejectionReason.Malformed, $"metadata: wanted JSON nested at most {DecodeLimits.Depth} deep, got something else");
        }
    }

    // The parser lets broken UTF-8 and half surrogate pairs through, and the first to read them would fail: so all text is read once.
    private static void DemandUnicode(JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (JsonProperty member in value.EnumerateObject())
                {
                    _ = member.Name;
                    DemandUnicode(member.Value);
                }

                break;
            case JsonValueKind.Array:
                foreach (JsonElement item in value.EnumerateArray())
                {
                    DemandUnicode(item);
                }

                break;
            case JsonValueKind.String:
                _ = value.GetString();
                break;
        }
    }

    private static RejectedException NotUnicode() => new(RejectionReason.Malformed, "metadata: wanted Unicode text, got broken UTF-8 or half a surrogate pair");

    private static void Write(JsonElement value, ArrayBufferWriter<byte> output)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                WriteObject(value, output);
                break;
            case JsonValueKind.Array:
                WriteArray(value, output);
                break;
            case JsonValueKind.String:
                WriteString(System.Text.Encoding.UTF8.GetBytes(value.GetString()!), output);
                break;
            case JsonValueKind.Number:
                WriteInteger(JsonMarshal.GetRawUtf8Value(value), output);
                break;
            default:
                output.Write(JsonMarshal.GetRawUtf8Value(value)); // true, false, null
                break;
        }
    }

    private static void WriteObject(JsonElement value, ArrayBufferWriter<byte> output)
    {
        List<(byte[] Name, JsonElement Value)> members = [];
        foreach (JsonProperty member in value.EnumerateObject())
        {
            members.Add((System.Text.Encoding.UTF8.GetBytes(member.Name), member.Value));
        }

        members.Sort(static (x, y) => x.Name.AsSpan().SequenceCompareTo(y.Name));
        output.Write("{"u8);
        for (int i = 0; i < members.Count; i++)
        {
            output.Write(i == 0 ? [] : ","u8);
            WriteString(members[i].Name, output);
            output.Write(":"u8);
            Write(members[i].Value, output);
        }

        output.Write("}"u8);
    }

    private static void WriteArray(JsonElement value, ArrayBufferWriter<byte> output)
    {
        output.Write("["u8);
        bool first = true;
        foreach (JsonElement item in value.EnumerateArray())
        {
            output.Write(first ? [] : ","u8);
            Write(item, output);
            first = false;
        }

        output.Write("]"u8);
    }

    private static void WriteString(ReadOnlySpan<byte> text, ArrayBufferWriter<byte> output)
    {
        output.Write("\""u8);
        foreach (byte b in text)
        {
            output.Write(b is (byte)'"' or (byte)'\\' ? "\\"u8 : []);
            WriteWithoutControls(b, output);
        }

        output.Write("\""u8);
    }

    private static void WriteInteger(ReadOnlySpan<byte> number, ArrayBufferWriter<byte> output)
    {
        // JSON has no leading zeros; what is left to refuse are fractions, exponents and minus zero.
        if (number.ContainsAny("eE."u8) || number.SequenceEqual("-0"u8))
        {
            throw new RejectedException(RejectionReason.NotCanonical, "metadata: wanted integers, got another number");
        }

        output.Write(number);
    }

    private static void WriteWithoutControls(byte b, ArrayBufferWriter<byte> output)
    {
        if (b >= 0x20)
        {
            output.Write([b]);
        }
        else if (b is >= (byte)'\b' and <= (byte)'\r' and not 0x0B)
        {
            output.Write([(byte)'\\', "btn\0fr"u8[b - '\b']]);
        }
        else
        {
            output.Write("\\u00"u8);
            output.Write(System.Text.Encoding.ASCII.GetBytes(Convert.ToHexStringLower([b])));
        }
    }
}
