using System.Security.Cryptography;

namespace Fota.Interop.Cryptoki;

/// <summary>A token that this process is logged in to. All members may be called from many threads.</summary>
public sealed class Token : IDisposable
{
    private const ulong MaxPooledSessions = 8;
    private const int IdLength = 20;

    private readonly CryptokiLibrary _library;
    private readonly TokenLogin _login;
    private readonly SessionPool _sessions;
    private int _isDisposed;

    private Token(CryptokiLibrary library, TokenDescription description, TokenLogin login)
    {
        _library = library;
        _login = login;
        Description = description;

        // One session fewer than the token allows: the anchor holds one.
        ulong limit = description.MaxSessions is { } sessions and < MaxPooledSessions ? Math.Max(1, sessions - 1) : MaxPooledSessions;
        _sessions = new SessionPool(library.Module, (int)limit);
    }

    /// <summary>What the token said about itself when it was opened.</summary>
    public TokenDescription Description { get; }

    /// <summary>Logs in to the token with this label. A copy of the PIN is kept, pinned, until the token is disposed of.</summary>
    /// <exception cref="CryptokiRefusalException">
    /// No token has the label, also after the module was initialised anew to look for it, or several have; its PIN is locked or at its final try; a login failed
    /// before, which is never repeated; or module or token are away, and were looked for a moment ago.
    /// </exception>
    /// <exception cref="CryptokiException">The token refuses, e.g. "C_Login: CKR_PIN_INCORRECT".</exception>
    public static Token Open(CryptokiLibrary library, string label, Pin pin)
    {
        ArgumentNullException.ThrowIfNull(library);
        ArgumentException.ThrowIfNullOrEmpty(label);
        ArgumentNullException.ThrowIfNull(pin);
        TokenLogin login = library.Module.Module.LoginTo(label);
        CallRecovery? recovery = null;
        while (true)
        {
            try
            {
                return new Token(library, login.Enter(library, pin), login);
            }
            catch (CryptokiException e)
            {
                recovery ??= new CallRecovery(library, login);
                if (!recovery.TryMakeGood(e, generation: null))
                {
                    throw;
                }
            }
        }
    }

    /// <summary>Generates a key pair whose private key is sensitive and can never be extracted.</summary>
    /// <exception cref="CryptokiRefusalException">A key with the label exists.</exception>
    /// <exception cref="CryptokiException">The token refuses.</exception>
    public TokenKey GenerateKey(KeyAlgorithm algorithm, string label)
    {
        ArgumentException.ThrowIfNullOrEmpty(label);
        KeyScheme scheme = KeySchemes.Of(algorithm);
        byte[] id = new byte[IdLength];
        lock (_login.Generating)
        {
            Use(session =>
            {
                if (session.Find(new AttributeTemplate(1).Add(Pkcs11.CKA_LABEL, label)).Count != 0)
                {
                    throw new CryptokiRefusalException(CryptokiRefusal.KeyExists, $"token '{Description.Label}' has a '{label}' already");
                }

                // Random rather than derived from the public key: it is then part of the creation, and no half-named key can stay behind.
                session.FillRandom(id);
                session.GenerateKeyPair(scheme.GenerationMechanism, PublicTemplate(scheme, label, id), PrivateTemplate(label, id));
                return true;
            });
        }

        return FindKey(label);
    }

    /// <summary>The one key with this label.</summary>
    /// <exception cref="CryptokiRefusalException">No key or several have the label, or the key cannot be used.</exception>
    /// <exception cref="CryptokiException">The token refuses.</exception>
    public TokenKey FindKey(string label)
    {
        ArgumentException.ThrowIfNullOrEmpty(label);
        return Use(session =>
        {
            List<nuint> found = session.FindPrivate(
                new AttributeTemplate(2).Add(Pkcs11.CKA_CLASS, Pkcs11.CKO_PRIVATE_KEY).Add(Pkcs11.CKA_LABEL, label));
            return found.Count switch
            {
                1 => KeyReader.TryRead(this, session, found[0], out string? problem)
                    ?? throw new CryptokiRefusalException(CryptokiRefusal.KeyUnusable, $"key '{label}' of token '{Description.Label}': {problem}"),
                0 => throw new CryptokiRefusalException(CryptokiRefusal.KeyNotFound, $"no key '{label}' on token '{Description.Label}'"),
                _ => throw new CryptokiRefusalException(
                    CryptokiRefusal.KeyAmbiguous, $"{found.Count} keys '{label}' on token '{Description.Label}'"),
            };
        });
    }

    /// <summary>Every key of an algorithm that this library supports and whose public half is on the token too.</summary>
    public IReadOnlyList<TokenKey> FindKeys() => Use(session =>
    {
        List<TokenKey> keys = [];
        foreach (nuint key in session.FindPrivate(new AttributeTemplate(1).Add(Pkcs11.CKA_CLASS, Pkcs11.CKO_PRIVATE_KEY)))
        {
            if (KeyReader.TryRead(this, session, key, out _) is { } readable)
            {
                keys.Add(readable);
            }
        }

        return keys;
    });

    /// <summary>How many private keys are on the token, also of kinds that this library cannot use.</summary>
    public int CountPrivateKeys() => Use(static session => session.FindPrivate(new AttributeTemplate(1).Add(Pkcs11.CKA_CLASS, Pkcs11.CKO_PRIVATE_KEY)).Count);

    /// <summary>Fills <paramref name="destination"/> from the token's random number generator.</summary>
    public void FillRandom(Span<byte> destination)
    {
        // A span cannot enter the closure, and a retry must not leave a half-filled one behind.
        byte[] random = new byte[destination.Length];
        Use(session =>
        {
            session.FillRandom(random);
            return true;
        });
        random.CopyTo(destination);
        CryptographicOperations.ZeroMemory(random);
    }

    /// <summary>Closes the sessions; the last token of this label in the process logs out and forgets the PIN.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            _sessions.Dispose();
            _login.Leave();
        }
    }

    /// <summary>
    /// Runs a call on a pooled session. What its failure complains of is made good as docs/token-recovery.md says, in the main once; then the
    /// failure stands (A50).
    /// </summary>
    internal T Use<T>(Func<SessionHandle, T> call)
    {
        CallRecovery? recovery = null;
        while (true)
        {
            ObjectDisposedException.ThrowIf(_isDisposed != 0, this);
            _library.ThrowIfRefused(Description.Label);
            TokenGeneration? generation = null;
            try
            {
                generation = _login.Current(_library);
                T result = _sessions.Use(generation, call);
                _login.Confirm();
                return result;
            }
            catch (CryptokiException e)
            {
                recovery ??= new CallRecovery(_library, _login);
                if (!recovery.TryMakeGood(e, generation))
                {
                    throw;
                }
            }
        }
    }

    private static AttributeTemplate PublicTemplate(KeyScheme scheme, string label, ReadOnlySpan<byte> id) => scheme.Describe(new AttributeTemplate(7)
        .Add(Pkcs11.CKA_TOKEN, true)
        .Add(Pkcs11.CKA_PRIVATE, false)
        .Add(Pkcs11.CKA_VERIFY, true)
        .Add(Pkcs11.CKA_LABEL, label)
        .Add(Pkcs11.CKA_ID, id));

    private static AttributeTemplate PrivateTemplate(string label, ReadOnlySpan<byte> id) => new AttributeTemplate(10)
        .Add(Pkcs11.CKA_TOKEN, true)
        .Add(Pkcs11.CKA_PRIVATE, true)
        .Add(Pkcs11.CKA_SENSITIVE, true)
        .Add(Pkcs11.CKA_EXTRACTABLE, false)
        .Add(Pkcs11.CKA_SIGN, true)

        // Tokens allow what is not forbidden; this key signs and does nothing else.
        .Add(Pkcs11.CKA_DECRYPT, false)
        .Add(Pkcs11.CKA_UNWRAP, false)
        .Add(Pkcs11.CKA_DERIVE, false)
        .Add(Pkcs11.CKA_LABEL, label)
        .Add(Pkcs11.CKA_ID, id);
}
