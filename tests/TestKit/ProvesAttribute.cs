using NUnit.Framework;

namespace Fota.TestKit;

/// <summary>
/// Names the numbered clause of docs/spec that a test proves, for example "M-12". scripts/clauses lists the clauses that no test and no
/// vector names.
/// </summary>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Class, AllowMultiple = true)]
public sealed class ProvesAttribute(params string[] clauses) : PropertyAttribute("Proves", string.Join(' ', clauses));
